package io.hashlayers.driver.bench;

import com.sun.management.ThreadMXBean;
import io.hashlayers.driver.bench.BenchReport.Steps;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Matrix;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Runs the training steps of one rank and keeps how long each took and what the loss was. */
final class StepTimes {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final TrainingSteps training;
    private final double[] seconds;
    private int timed;
    private long step;
    private double firstNats;
    private double lastNats;
    private long heapBytes; // that this thread allocated in timed steps
    private long offHeapBytes; // that matrices took in them
    private double sentBytes;
    private double leastBytes;

    StepTimes(TrainingSteps training, int steps) {
        this.training = training;
        this.seconds = new double[steps];
    }

    /** Does steps without keeping their times. */
    void warmUp(int steps) {
        for (int i = 0; i < steps; i++) {
            next();
        }
    }

    /** Does steps and notes the parts of them that only the steps know. */
    void note(int steps, OperationTimes times) {
        training.noteIn(times);
        warmUp(steps);
        training.noteIn(null);
    }

    /** Does steps and keeps their times. */
    void time(int steps) {
        long heapBefore = THREADS.getCurrentThreadAllocatedBytes();
        long offHeapBefore = Matrix.allocatedBytes();
        double sentBefore = training.sentBytes();
        double leastBefore = training.leastBytes();
        for (int i = 0; i < steps; i++) {
            long start = System.nanoTime();
            next();
            seconds[timed++] = (System.nanoTime() - start) * 1e-9;
        }
        heapBytes += THREADS.getCurrentThreadAllocatedBytes() - heapBefore;
        offHeapBytes += Matrix.allocatedBytes() - offHeapBefore;
        sentBytes += training.sentBytes() - sentBefore;
        leastBytes += training.leastBytes() - leastBefore;
    }

    private void next() {
        lastNats = training.step(++step);
        firstNats = step == 1 ? lastNats : firstNats;
    }

    /** Seconds of each timed step, in their order. */
    double[] seconds() {
        return Arrays.copyOf(seconds, timed);
    }

    /** What was timed; all ranks call it together. */
    Steps result(Collective collective, long tokensPerStep, double flopPerStep, double flopRate) {
        double[] nats = {firstNats, lastNats};
        collective.allReduce(nats);
        double[] sorted = seconds();
        Arrays.sort(sorted);
        double median = sorted[timed / 2];
        return new Steps(
                timed,
                median,
                sorted[0],
                sorted[timed - 1],
                tokensPerStep / median,
                flopPerStep / median / flopRate,
                nats[0] / tokensPerStep,
                nats[1] / tokensPerStep,
                heapBytes / timed,
                offHeapBytes,
                sentBytes / timed,
                leastBytes / timed);
    }
}
