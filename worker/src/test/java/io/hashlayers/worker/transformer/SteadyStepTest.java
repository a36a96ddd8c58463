package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

class SteadyStepTest {
    private static final int WARM_UP_STEPS = 2000;
    private static final int MEASURED_STEPS = 50;

    @Test
    void aStepAllocatesNoArrayOnTheHeap() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 0.1, List.of(0, 1), 8, 2), 1);
        Kernels kernels = KernelsFactory.named("vector");
        Collective collective = Ranks.alone();
        var rank = new TestRank(small, ExpertPlacement.roundRobin(8, 1), collective, kernels);
        var optimizer = new Optimizer(
                new OptimizerConfig(1e-3, 1, Schedule.LINEAR, 0, 0.9, 0.95, 1e-8, 0.1, 1),
                WARM_UP_STEPS,
                rank.parameters.dense(),
                rank.parameters.experts(),
                kernels,
                collective);
        double[] more = new double[3];
        for (int step = 1; step <= WARM_UP_STEPS; step++) {
            rank.forwardBackward(step);
            optimizer.update(step, optimizer.reduceGradients(more));
        }

        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int step = 1; step <= MEASURED_STEPS; step++) {
            rank.forwardBackward(step);
            optimizer.update(step, optimizer.reduceGradients(more));
        }
        long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / MEASURED_STEPS;

        // A row of activations of this batch alone would be 48 * 6 * 4 = 1,152 bytes, and there are dozens.
        assertThat(bytes).isLessThan(4096);
    }
}
