package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.ConnectedRanks.Topology;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.SwitchConfig;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several optimizer steps on a fixed batch: what is learned must not depend on who computed it. */
class AnyNumberOfRanksTest {
    private static final int STEPS = 5;
    private static final SmallModel SMALL =
            SmallModel.random(SmallModel.config(Activation.GELU, 0.2, List.of(0, 1), 5, 2), 1);

    private static final SmallModel IN_SEGMENTS = SmallModel.random(
            SmallModel.segmented(
                    0.2,
                    new MixtureConfig(List.of(0, 1), 5, 1, Collections.nCopies(2, SmallModel.segments(3)), 1, 0.2)),
            1);

    private static final SmallModel STACKED = SmallModel.random(
            SmallModel.config(Activation.GELU, 0.2, List.of(0, 1), 5, 2)
                    .with(new MixtureConfig(List.of(0, 1), 5, 2, Collections.nCopies(2, HashConfig.SUM), 0, 0.2, 3)),
            1);

    /** Its dense group is cut into several pieces. */
    private static final SmallModel IN_PIECES = SmallModel.random(
            new ModelConfig(3000, 4, 4, 64, 64, 2, Activation.GELU, 0.2, MixtureConfig.hash(List.of(1, 3), 5, 2)), 1);

    /**
     * What a run left behind.
     *
     * @param losses of each step
     * @param norms of each step's gradient
     * @param tensors values behind the last step, by name; those of the experts from the rank that holds them
     */
    private record Run(List<Double> losses, List<Double> norms, Map<String, double[]> tensors) {}

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void lossesNormsAndParametersDoNotDependOnTheNumberOfRanks(int worldSize) {
        requireSameLearning(SMALL, worldSize);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void norDoThoseOfSegmentsWithDropoutInside(int worldSize) {
        requireSameLearning(IN_SEGMENTS, worldSize);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void norDoThoseOfSeveralNetworksInAnExpert(int worldSize) {
        requireSameLearning(STACKED, worldSize);
    }

    private static void requireSameLearning(SmallModel small, int worldSize) {
        Run alone = train(small, Topology.MEMORY, 1, Way.OVERLAPPING);

        Run run = train(small, Topology.MEMORY, worldSize, Way.OVERLAPPING);

        for (int step = 0; step < STEPS; step++) {
            assertThat(run.losses().get(step)).isCloseTo(alone.losses().get(step), within(1e-5));
            assertThat(run.norms().get(step)).isCloseTo(alone.norms().get(step), within(1e-5));
        }
        assertThat(run.tensors().keySet()).isEqualTo(alone.tensors().keySet());
        run.tensors().forEach((name, values) -> assertThat(values)
                .as(name)
                .containsExactly(alone.tensors().get(name), within(1e-5)));
    }

    /** BASE assigns by rank and is no such router; see {@link io.hashlayers.worker.router.RouterConfig}. */
    @ParameterizedTest
    @CsvSource({"HIDDEN, 2", "HIDDEN, 4", "TOKEN, 3"})
    void routesOfASwitchDoNotDependOnTheNumberOfRanks(SwitchConfig.Reads reads, int worldSize) {
        SmallModel small =
                SmallModel.random(SmallModel.config(new SwitchConfig(1.1, 2, 0.1, 0.05, reads), 0.2, 5, 2), 1);
        Run alone = train(small, Topology.MEMORY, 1, Way.OVERLAPPING);

        Run run = train(small, Topology.MEMORY, worldSize, Way.OVERLAPPING);

        for (int step = 0; step < STEPS; step++) {
            assertThat(run.losses().get(step)).isCloseTo(alone.losses().get(step), within(1e-4));
        }
    }

    @Test
    void theSameRanksRepeatEveryBit() {
        Run first = train(3);
        Run second = train(3);

        assertThat(second.losses()).isEqualTo(first.losses());
        assertThat(second.norms()).isEqualTo(first.norms());
        second.tensors()
                .forEach((name, values) ->
                        assertThat(values).as(name).isEqualTo(first.tensors().get(name)));
    }

    @ParameterizedTest
    @EnumSource
    void overlappingChangesNoBit(Topology topology) {
        long dense = ParameterLayout.of(IN_PIECES.config()).denseParameters();
        assertThat(dense / ParameterGroup.sharedPiece(dense)).isGreaterThanOrEqualTo(3);
        for (int worldSize = 1; worldSize <= 4; worldSize++) {
            Run plain = train(IN_PIECES, Topology.MEMORY, worldSize, Way.PLAIN);

            Run run = train(IN_PIECES, topology, worldSize, Way.OVERLAPPING);

            assertThat(run.losses()).isEqualTo(plain.losses());
            assertThat(run.norms()).isEqualTo(plain.norms());
            run.tensors().forEach((name, values) -> assertThat(values)
                    .as(name)
                    .isEqualTo(plain.tensors().get(name)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void overlappingChangesNoBitOfAccumulatedAndRecomputedGradients(Topology topology) {
        Run plain = train(IN_PIECES, Topology.MEMORY, 2, new Way(false, true, 2));

        Run run = train(IN_PIECES, topology, 2, new Way(true, true, 2));

        assertThat(run.losses()).isEqualTo(plain.losses());
        assertThat(run.norms()).isEqualTo(plain.norms());
        assertThat(run.norms())
                .isNotEqualTo(train(IN_PIECES, Topology.MEMORY, 2, Way.PLAIN).norms());
        run.tensors()
                .forEach((name, values) ->
                        assertThat(values).as(name).isEqualTo(plain.tensors().get(name)));
    }

    @Test
    void trainingLowersTheLoss() {
        List<Double> losses = train(1).losses();

        assertThat(losses.get(STEPS - 1)).isLessThan(losses.get(0) - 0.1);
    }

    private static Run train(int worldSize) {
        return train(SMALL, Topology.MEMORY, worldSize, Way.OVERLAPPING);
    }

    /**
     * How steps are done.
     *
     * @param overlapping whether exchanges of a step go on while ranks compute; else each is finished where it is begun
     * @param recomputed whether activations are
     * @param passes over the batch in each step, whose gradients are added
     */
    private record Way(boolean overlapping, boolean recomputed, int passes) {
        static final Way PLAIN = new Way(false, false, 1);
        static final Way OVERLAPPING = new Way(true, false, 1);
    }

    private static Run train(SmallModel small, Topology topology, int worldSize, Way way) {
        ExpertPlacement placement = uneven(worldSize);
        List<Run> runs = Ranks.run(topology, worldSize, collective -> train(small, placement, collective, way));
        var tensors = new HashMap<String, double[]>();
        for (Run run : runs) {
            assertThat(run.losses())
                    .as("as told to every rank")
                    .isEqualTo(runs.get(0).losses());
            assertThat(run.norms())
                    .as("as told to every rank")
                    .isEqualTo(runs.get(0).norms());
            run.tensors().forEach((name, values) -> {
                double[] other = tensors.putIfAbsent(name, values);
                assertThat(other == null ? values : other)
                        .as("replica of %s", name)
                        .isEqualTo(values);
            });
        }
        return new Run(runs.get(0).losses(), runs.get(0).norms(), tensors);
    }

    private static Run train(SmallModel small, ExpertPlacement placement, Collective connected, Way way) {
        Collective collective = way.overlapping() ? connected : finishingAtOnce(connected);
        var rank = new TestRank(small, placement, collective, KernelsFactory.best(), true, way.recomputed());
        // Keys have a bias whose gradient is 0 but for rounding, which a small epsilon would blow up to whole steps.
        var config = new OptimizerConfig(1e-2, 2, Schedule.COSINE, 0.1, 0.9, 0.95, 1e-3, 0.1, 0.5);
        var optimizer = new Optimizer(
                config, STEPS, rank.parameters.dense(), rank.parameters.experts(), KernelsFactory.best(), collective);
        var losses = new ArrayList<Double>();
        var norms = new ArrayList<Double>();
        for (int step = 1; step <= STEPS; step++) {
            for (int pass = 1; pass < way.passes(); pass++) {
                rank.forwardBackward(step, GradientsReady.NOBODY);
            }
            GradientsReady ready = way.overlapping() ? optimizer.gradientsReady() : GradientsReady.NOBODY;
            double[] loss = {rank.forwardBackward(step, ready) * small.gradientScale()};
            double norm = optimizer.reduceGradients(loss);
            optimizer.update(step, norm);
            losses.add(loss[0]);
            norms.add(norm);
        }
        var tensors = new HashMap<String, double[]>();
        for (ParameterGroup group : List.of(rank.parameters.dense(), rank.parameters.experts())) {
            group.parameters()
                    .forEach(parameter -> tensors.put(parameter.name(), TestRank.elements(parameter.value())));
        }
        return new Run(losses, norms, tensors);
    }

    private static Collective finishingAtOnce(Collective collective) {
        return (Collective) Proxy.newProxyInstance(
                Collective.class.getClassLoader(), new Class<?>[] {Collective.class}, (proxy, method, arguments) -> {
                    Object result = method.invoke(collective, arguments);
                    if (method.getName().startsWith("begin")) {
                        collective.finish((long) result);
                    }
                    return result;
                });
    }

    /** Five experts of which one is so busy that, from three ranks on, it has a rank for itself. */
    private static ExpertPlacement uneven(int worldSize) {
        return ExpertPlacement.byLoad(new long[] {3, 100, 2, 4, 0}, worldSize);
    }
}
