package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.HashRouter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A global batch in parts, one after the other: loss and gradients of the whole, masks included. */
class MicroBatchTest {
    private static final int EXPERTS = 5;

    /**
     * What one step left.
     *
     * @param nats of all ranks together
     * @param gradients of each tensor by name, those of dense tensors summed over the ranks
     */
    private record Outcome(double nats, Map<String, double[]> gradients) {}

    static Stream<Arguments> models() {
        List<Arguments> models = new ArrayList<>();
        for (List<Integer> sparse : List.of(List.<Integer>of(), List.of(0), List.of(0, 1))) {
            for (double dropout : new double[] {0, 0.3}) {
                models.add(Arguments.of(SmallModel.config(Activation.GELU, dropout, sparse, EXPERTS, 2)));
            }
        }
        models.add(Arguments.of(SmallModel.segmented(List.of(0, 1), 2, 0, 0)));
        return models.stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void addUpToTheLossAndTheGradientsOfTheWholeBatch(ModelConfig config) {
        SmallModel small = SmallModel.random(config, 1);
        Outcome whole = step(small, 1, 1, false);

        for (int worldSize : new int[] {1, 2}) {
            for (int microBatches : new int[] {2, 3, 6}) {
                for (boolean recomputed : new boolean[] {false, true}) {
                    Outcome parts = step(small, worldSize, microBatches, recomputed);
                    assertThat(parts.nats()).isCloseTo(whole.nats(), within(1e-5 * whole.nats()));
                    assertThat(parts.gradients().keySet())
                            .isEqualTo(whole.gradients().keySet());
                    whole.gradients().forEach((name, gradient) -> assertThat(
                                    parts.gradients().get(name))
                            .as("%s in %d parts on %d ranks", name, microBatches, worldSize)
                            .containsExactly(gradient, within(1e-6)));
                }
            }
        }
    }

    private static Outcome step(SmallModel small, int worldSize, int microBatches, boolean recomputed) {
        var gradients = new HashMap<String, double[]>();
        double nats = 0;
        for (Outcome rank : Ranks.run(worldSize, collective -> ofRank(small, collective, microBatches, recomputed))) {
            nats += rank.nats();
            rank.gradients().forEach((name, gradient) -> gradients.merge(name, gradient, MicroBatchTest::sum));
        }
        return new Outcome(nats, gradients);
    }

    private static Outcome ofRank(SmallModel small, Collective collective, int microBatches, boolean recomputed) {
        ModelConfig config = small.config();
        int worldSize = collective.worldSize();
        int rank = collective.rank();
        int rows = small.batch().tokens.length / (worldSize * microBatches);
        int choices = rows * small.choices();
        Kernels kernels = KernelsFactory.best();
        ExpertPlacement placement = ExpertPlacement.roundRobin(config.numExperts(), worldSize);
        Parameters parameters = Parameters.forTraining(config, layer -> placement.expertsOf(rank));
        TestRank.load(small, parameters);
        ExpertPlacement units = small.ofUnits(placement);
        var plan = new ShufflePlan(units, rank, rows, small.choices(), choices * worldSize);
        var router = new HashRouter();
        router.follow(plan);
        var model = new LanguageModel(
                parameters,
                kernels,
                collective,
                Collections.nCopies(config.sparseLayers().size(), router),
                new Activations(rows, choices * worldSize, recomputed),
                TestRank.SEED);

        double nats = 0;
        for (int microBatch = 0; microBatch < microBatches; microBatch++) {
            int part = microBatch * worldSize + rank; // of the global batch
            int[] experts = part(small.batch().experts, microBatch, choices * worldSize);
            plan.fill(part(experts, rank, choices), TestRank.receiveCounts(units, rank, experts, choices));
            int[] tokens = part(small.batch().tokens, part, rows);
            int[] targets = part(small.batch().targets, part, rows);
            nats += model.forwardBackward(
                    TestRank.STEP, microBatch, tokens, targets, small.gradientScale(), GradientsReady.NOBODY);
        }

        var gradients = new HashMap<String, double[]>();
        for (ParameterGroup group : List.of(parameters.dense(), parameters.experts())) {
            group.parameters()
                    .forEach(parameter ->
                            gradients.put(parameter.name(), TestRank.elements(parameter.gradient(kernels))));
        }
        return new Outcome(nats, gradients);
    }

    private static int[] part(int[] whole, int number, int length) {
        return Arrays.copyOfRange(whole, number * length, (number + 1) * length);
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = new double[a.length];
        Arrays.setAll(sum, i -> a[i] + b[i]);
        return sum;
    }
}
