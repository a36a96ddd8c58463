package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The oracle is the same model with all its activations kept: nothing may differ, not by a bit. */
class RecomputationTest {
    private static final int LAYERS = 4;
    private static final int EXPERTS = 5;

    /**
     * What some steps left on a rank.
     *
     * @param nats of each step and of an evaluation between them
     * @param gradients of each tensor, by name
     */
    private record Outcome(List<Double> nats, Map<String, double[]> gradients) {}

    static Stream<Arguments> models() {
        List<Arguments> models = new ArrayList<>();
        for (List<Integer> sparse :
                List.of(List.<Integer>of(), List.of(0), List.of(LAYERS - 1), List.of(0, 2), List.of(0, 1, 2, 3))) {
            for (double dropout : new double[] {0, 0.2}) {
                for (int worldSize : new int[] {1, 2}) {
                    models.add(Arguments.of("vector", config(sparse, dropout), worldSize));
                }
            }
        }
        ModelConfig segmented = SmallModel.segmented(
                0.2,
                new MixtureConfig(List.of(0, 1), EXPERTS, 1, Collections.nCopies(2, SmallModel.segments(3)), 1, 0.2));
        models.add(Arguments.of("vector", segmented, 1));
        models.add(Arguments.of("vector", segmented, 2));
        ModelConfig stacked = config(List.of(0, 2), 0.2)
                .with(new MixtureConfig(List.of(0, 2), EXPERTS, 2, Collections.nCopies(2, HashConfig.SUM), 0, 0.2, 3));
        models.add(Arguments.of("vector", stacked, 1));
        models.add(Arguments.of("vector", stacked, 2));
        models.add(Arguments.of("nd4j", config(List.of(0, 2), 0.2), 2));
        for (RouterConfig router : SmallModel.learnedRouters()) {
            models.add(Arguments.of("vector", SmallModel.config(router, 0.2, 4, 1), 2));
        }
        return models.stream();
    }

    /** Wider than a vector register. */
    private static ModelConfig config(List<Integer> sparse, double dropout) {
        return new ModelConfig(
                60, 4, LAYERS, 40, 72, 2, Activation.GELU, dropout, MixtureConfig.hash(sparse, EXPERTS, 2));
    }

    @ParameterizedTest
    @MethodSource("models")
    void lossesAndGradientsAreThoseOfKeptActivationsToTheBit(String kernels, ModelConfig config, int worldSize) {
        SmallModel small = SmallModel.random(config, 1);

        List<Outcome> kept = Ranks.run(worldSize, collective -> train(small, collective, kernels, false));
        List<Outcome> recomputed = Ranks.run(worldSize, collective -> train(small, collective, kernels, true));

        for (int rank = 0; rank < worldSize; rank++) {
            assertThat(recomputed.get(rank).nats()).isEqualTo(kept.get(rank).nats());
            Map<String, double[]> expected = kept.get(rank).gradients();
            assertThat(recomputed.get(rank).gradients().keySet()).isEqualTo(expected.keySet());
            recomputed.get(rank).gradients().forEach((name, gradient) -> assertThat(gradient)
                    .as(name)
                    .isEqualTo(expected.get(name)));
        }
    }

    @Test
    void rowsCrossToTheExpertsAndBackOnceInEachDirection() {
        ModelConfig config = config(List.of(0, 2), 0);
        SmallModel small = SmallModel.random(config, 1);
        var exchanges = new AtomicInteger();
        var rank = rank(small, counting(Ranks.alone(), exchanges), KernelsFactory.best(), true);

        rank.forwardBackward(1);

        assertThat(exchanges).hasValue(2 * 4);
    }

    @Test
    void rowsCrossToSegmentsAndBackTwiceInEachDirection() {
        ModelConfig config = SmallModel.segmented(
                0, new MixtureConfig(List.of(0, 1), EXPERTS, 1, Collections.nCopies(2, SmallModel.segments(2)), 0, 0));
        SmallModel small = SmallModel.random(config, 1);
        var exchanges = new AtomicInteger();
        var rank = rank(small, counting(Ranks.alone(), exchanges), KernelsFactory.best(), true);

        rank.forwardBackward(1);

        assertThat(exchanges).hasValue(2 * 8);
    }

    private static Outcome train(SmallModel small, Collective collective, String kernelsName, boolean recomputed) {
        Kernels kernels = KernelsFactory.named(kernelsName);
        TestRank rank = rank(small, collective, kernels, recomputed);
        List<Double> nats = List.of(rank.forwardBackward(1), rank.loss(), rank.forwardBackward(2));
        var gradients = new HashMap<String, double[]>();
        for (ParameterGroup group : List.of(rank.parameters.dense(), rank.parameters.experts())) {
            group.parameters()
                    .forEach(parameter ->
                            gradients.put(parameter.name(), TestRank.elements(parameter.gradient(kernels))));
        }
        return new Outcome(nats, gradients);
    }

    private static TestRank rank(SmallModel small, Collective collective, Kernels kernels, boolean recomputed) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(small.config().numExperts(), collective.worldSize());
        return new TestRank(small, placement, collective, kernels, true, recomputed);
    }

    /** The same collective, whose all-to-alls are counted. */
    private static Collective counting(Collective collective, AtomicInteger exchanges) {
        return (Collective) Proxy.newProxyInstance(
                Collective.class.getClassLoader(), new Class<?>[] {Collective.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("allToAll")) {
                        exchanges.incrementAndGet();
                    }
                    try {
                        return method.invoke(collective, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
