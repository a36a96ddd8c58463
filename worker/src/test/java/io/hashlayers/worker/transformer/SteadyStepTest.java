package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteadyStepTest {
    private static final int STEPS = 400;
    private static final int ROUNDS = 50;
    private static final long LIMIT = 4096;

    @ParameterizedTest(name = "recomputed: {0}")
    @ValueSource(booleans = {false, true})
    void aStepAllocatesNoMatrixAndNoArrayOnTheHeap(boolean recomputed) {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 0.1, List.of(0, 1), 8, 2), 1);
        Kernels kernels = KernelsFactory.named("vector");
        Collective collective = Ranks.alone();
        var rank = new TestRank(small, ExpertPlacement.roundRobin(8, 1), collective, kernels, true, recomputed);
        var optimizer = new Optimizer(
                new OptimizerConfig(1e-3, 1, Schedule.LINEAR, 0, 0.9, 0.95, 1e-8, 0.1, 1),
                STEPS,
                rank.parameters.dense(),
                rank.parameters.experts(),
                kernels,
                collective);
        double[] more = new double[3];
        Runnable steps = () -> {
            for (int step = 1; step <= STEPS; step++) {
                rank.forwardBackward(step);
                optimizer.update(step, optimizer.reduceGradients(more));
            }
        };
        steps.run();

        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long matricesBefore = Matrix.allocatedBytes();
        long bytes = Long.MAX_VALUE; // loops that are not compiled yet make objects of their vectors
        for (int round = 0; round < ROUNDS && bytes >= LIMIT; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            steps.run();
            bytes = (threads.getCurrentThreadAllocatedBytes() - before) / STEPS;
        }

        // A row of activations of this batch alone would be 48 * 6 * 4 = 1,152 bytes, and there are dozens.
        assertThat(bytes).isLessThan(LIMIT);
        assertThat(Matrix.allocatedBytes()).isEqualTo(matricesBefore);
    }
}
