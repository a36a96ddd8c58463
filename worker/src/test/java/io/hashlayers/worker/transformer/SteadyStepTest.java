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
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.RouterConfig;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SteadyStepTest {
    private static final int STEPS = 400;
    private static final int WARM_UP_ROUNDS =
            50; // at most: loops that are not compiled yet make objects of their vectors
    private static final int ROUNDS = 5;
    private static final ModelConfig WHOLE = SmallModel.config(Activation.GELU, 0.1, List.of(0, 1), 8, 2);
    private static final long LIMIT = 1000; // bytes a step; a row of activations of this batch has 48 * 6 * 4 = 1,152

    @ParameterizedTest(name = "{0} ranks, recomputed: {1}, {2} segments")
    @CsvSource({"1, false, 1", "1, true, 1", "2, false, 1", "2, true, 1", "1, true, 3", "2, false, 3"})
    void aStepAllocatesNoMatrixAndNoArrayOnTheHeap(int worldSize, boolean recomputed, int segments) {
        SmallModel small = SmallModel.random(segments == 1 ? WHOLE : segmented(segments), 1);

        List<Long> bytes = Ranks.run(worldSize, collective -> bytesPerStep(small, collective, recomputed));

        assertThat(bytes).allSatisfy(each -> assertThat(each).isLessThan(LIMIT));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.hashlayers.worker.transformer.SmallModel#learnedRouters")
    void nothingIsAllocatedToLearnRoutes(RouterConfig router) {
        SmallModel small = SmallModel.random(SmallModel.config(router, 0.1, 8, 1), 1);

        List<Long> bytes = Ranks.run(2, collective -> bytesPerStep(small, collective, false));

        assertThat(bytes).allSatisfy(each -> assertThat(each).isLessThan(LIMIT));
    }

    @Test
    void nothingIsAllocatedToAssignSeveralGroups() {
        RouterConfig router = new BaseConfig(BaseConfig.Assignment.AUCTION, true, 4);
        SmallModel small = SmallModel.random(SmallModel.config(router, 0.1, 8, 1), 16, 1);

        List<Long> bytes = Ranks.run(2, collective -> bytesPerStep(small, collective, false));

        assertThat(bytes).allSatisfy(each -> assertThat(each).isLessThan(LIMIT));
    }

    @Test
    void nothingIsAllocatedForExpertsOfSeveralNetworks() {
        MixtureConfig stacked = MixtureConfig.hash(List.of(0, 1), 8, 1).stacked(3);
        SmallModel small = SmallModel.random(
                SmallModel.config(Activation.GELU, 0.1, List.of(0, 1), 8, 1).with(stacked), 1);

        List<Long> bytes = Ranks.run(2, collective -> bytesPerStep(small, collective, false));

        assertThat(bytes).allSatisfy(each -> assertThat(each).isLessThan(LIMIT));
    }

    private static ModelConfig segmented(int segments) {
        return SmallModel.segmented(
                0.1,
                new MixtureConfig(List.of(0, 1), 8, 1, Collections.nCopies(2, SmallModel.segments(segments)), 1, 0.2));
    }

    /** Heap that this rank allocates in a step, once steps are compiled. */
    private static long bytesPerStep(SmallModel small, Collective collective, boolean recomputed) {
        Kernels kernels = KernelsFactory.named("vector");
        ExpertPlacement placement = ExpertPlacement.roundRobin(8, collective.worldSize());
        var rank = new TestRank(small, placement, collective, kernels, true, recomputed);
        var optimizer = new Optimizer(
                new OptimizerConfig(1e-3, 1, Schedule.LINEAR, 0, 0.9, 0.95, 1e-8, 0.1, 1),
                STEPS,
                rank.parameters.dense(),
                rank.parameters.experts(),
                kernels,
                collective);
        double[] more = new double[3];
        Runnable round = () -> {
            for (int step = 1; step <= STEPS; step++) {
                rank.forwardBackward(step, optimizer.gradientsReady());
                optimizer.update(step, optimizer.reduceGradients(more));
            }
        };
        round.run();
        long matricesBefore = Matrix.allocatedBytes();
        double[] ofAllRanks = {Double.MAX_VALUE};
        for (int i = 0; i < WARM_UP_ROUNDS && ofAllRanks[0] >= LIMIT; i++) {
            ofAllRanks[0] = (double) allocated(round) / STEPS;
            collective.allReduce(ofAllRanks);
        }
        long bytes = 0;
        for (int i = 0; i < ROUNDS; i++) {
            bytes += allocated(round);
        }
        assertThat(Matrix.allocatedBytes()).isEqualTo(matricesBefore);
        return bytes / (ROUNDS * STEPS);
    }

    private static long allocated(Runnable work) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
