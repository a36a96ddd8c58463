package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.Seeds;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.HashConfig.Combine;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.RouterStatistics;
import io.hashlayers.worker.router.RowShuffle;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.router.SwitchConfig.Reads;
import io.hashlayers.worker.transformer.ReferenceModel.ExpertMask;
import io.hashlayers.worker.transformer.ReferenceModel.Mixing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and all gradients of every router against its equations in float64, on any number of ranks. */
class RouterGradientsTest {
    private static final Kernels KERNELS = KernelsFactory.best();
    private static final List<Integer> SPARSE = List.of(0, 1);
    private static final int EXPERTS = 4;

    /** What all ranks found, and the expert of each row of the whole batch in each layer. */
    private record Outcome(double nats, Map<String, double[]> gradients, Map<Integer, int[]> experts) {}

    @ParameterizedTest(name = "{0}, {1} experts a token, {2} ranks")
    @CsvSource({"AVERAGE, 2, 1", "AVERAGE, 2, 2", "SIGMOID, 1, 1", "SIGMOID, 1, 3", "LEARNED, 2, 1", "LEARNED, 3, 2"})
    void aHashWithGates(Combine combine, int k, int worldSize) {
        SmallModel small = small(new HashConfig(combine, 1.5, 1), k);
        var routers = new ReferenceRouters(small.config(), small.parameters());
        Mixing mixing =
                switch (combine) {
                    case AVERAGE -> routers.averaged();
                    case SIGMOID -> routers.sigmoidOfTable();
                    default -> routers.weighted(1.5);
                };

        requireAgreement(small, run(small, worldSize), mixing);
    }

    @ParameterizedTest(name = "capacity factor {0}, balance {1}, {2}, {3} experts a token, {4} ranks")
    @CsvSource({
        "4, 0, HIDDEN, 1, 1",
        "4, 0.5, HIDDEN, 1, 2",
        "0.9, 0.5, HIDDEN, 1, 1",
        "0.9, 0.5, HIDDEN, 1, 3",
        "1.1, 0.5, HIDDEN, 2, 1",
        "1.1, 0.5, HIDDEN, 2, 4",
        "1.0, 0.5, TOKEN, 1, 1",
        "1.0, 0.5, TOKEN, 1, 2"
    })
    void aSwitch(double capacityFactor, double balanceWeight, Reads reads, int k, int worldSize) {
        SmallModel small = small(new SwitchConfig(capacityFactor, 1, balanceWeight, 0, reads), k);
        Mixing mixing = new ReferenceRouters(small.config(), small.parameters())
                .switching(capacityFactor, balanceWeight, reads == Reads.TOKEN);

        requireAgreement(small, run(small, worldSize), mixing);
    }

    @ParameterizedTest(name = "{0}, shuffled: {1}, {2} groups, {3} ranks")
    @CsvSource({
        "AUCTION, false, 0, 1",
        "AUCTION, false, 0, 3",
        "AUCTION, true, 0, 1",
        "AUCTION, true, 0, 2",
        "AUCTION, true, 0, 4",
        "SINKHORN, false, 0, 2",
        "AUCTION, false, 4, 1",
        "AUCTION, false, 4, 2",
        "AUCTION, true, 4, 1",
        "AUCTION, true, 4, 2",
        "AUCTION, true, 4, 4",
        "SINKHORN, false, 6, 3"
    })
    void aBalancedAssignment(BaseConfig.Assignment assignment, boolean shuffle, int groups, int worldSize) {
        SmallModel small = small(new BaseConfig(assignment, shuffle, groups), 1);
        Outcome outcome = run(small, worldSize);

        int parts = groups == 0 ? worldSize : groups;
        outcome.experts().values().forEach(experts -> requireEvenParts(experts, parts));
        requireAgreement(
                small,
                outcome,
                new ReferenceRouters(small.config(), small.parameters())
                        .base(shuffle ? unshuffled(outcome.experts(), parts) : outcome.experts()));
    }

    @Test
    void aGroupOnEachRankIsAsPublished() {
        Outcome published = run(small(new BaseConfig(BaseConfig.Assignment.AUCTION, true), 1), 2);
        Outcome grouped = run(small(new BaseConfig(BaseConfig.Assignment.AUCTION, true, 2), 1), 2);

        assertThat(grouped.nats()).isEqualTo(published.nats());
        assertThat(grouped.experts().values())
                .containsExactlyElementsOf(published.experts().values());
    }

    @ParameterizedTest(name = "{0}, shuffled: {1}")
    @CsvSource({"AUCTION, false", "AUCTION, true", "SINKHORN, true"})
    void rowsOfGroupsHaveTheSameExpertsOnAnyRanks(BaseConfig.Assignment assignment, boolean shuffle) {
        SmallModel small = small(new BaseConfig(assignment, shuffle, 4), 1);
        Outcome alone = run(small, 1);

        for (int worldSize : new int[] {2, 4}) {
            Outcome outcome = run(small, worldSize);

            alone.experts()
                    .forEach((layer, experts) -> assertThat(outcome.experts().get(layer))
                            .as("layer %d on %d ranks", layer, worldSize)
                            .isEqualTo(experts));
            assertThat(outcome.nats()).isCloseTo(alone.nats(), within(1e-5 * alone.nats()));
        }
    }

    @ParameterizedTest(name = "{0} segments, {1} ranks, {2} shared experts, dropout {3} inside experts")
    @CsvSource({"2, 1, 0, 0", "2, 2, 0, 0", "2, 3, 1, 0.3", "3, 1, 1, 0.3", "3, 2, 0, 0", "3, 3, 0, 0"})
    void aMultiHash(int segments, int worldSize, int sharedExperts, double dropout) {
        SmallModel small = SmallModel.random(SmallModel.segmented(SPARSE, segments, sharedExperts, dropout), 1);
        var reference = new ReferenceModel(
                small.config(),
                small.parameters(),
                (layer, x, batch) -> new double[0][],
                (place, row, col) -> 1,
                masks(small.config()));

        requireAgreement(small, run(small, worldSize), reference);
    }

    @ParameterizedTest(name = "{0} ranks, all rows to one expert: {1}")
    @CsvSource({"1, false", "2, false", "4, false", "1, true", "2, true", "3, true"})
    void anEvaluationOfABalancedAssignmentIsGreedy(int worldSize, boolean toOne) {
        SmallModel small = small(new BaseConfig(BaseConfig.Assignment.AUCTION, true), 1);
        if (toOne) { // as many as in training fit a rank at once, so these come in rounds
            SPARSE.forEach(layer -> preferOneExpert(small, "h." + layer));
        }
        ExpertPlacement placement = ExpertPlacement.roundRobin(EXPERTS, worldSize);
        var reference = new ReferenceModel(
                small.config(),
                small.parameters(),
                new ReferenceRouters(small.config(), small.parameters()).greedyBase(),
                (place, row, col) -> 1,
                (layer, expert, number, col) -> 1);

        List<Double> nats = Ranks.run(
                worldSize,
                collective -> new TestRank(small, placement, collective, KernelsFactory.best(), false, false).loss());

        assertThat(nats.stream().mapToDouble(Double::doubleValue).sum())
                .isCloseTo(reference.nats(small.batch()), within(1e-3));
    }

    /** {@code E sum(f P)} (Switch, equation 4) is 1 where P is uniform, whatever f is, and E where all rows choose one expert. */
    @ParameterizedTest(name = "{0} ranks")
    @CsvSource({"1", "2", "4"})
    void theBalanceLossIsOneIfUniformAndTheNumberOfExpertsIfAllGoToOne(int worldSize) {
        SmallModel uniform = small(new SwitchConfig(4, 1, 0.5, 0, Reads.HIDDEN), 1);
        SPARSE.forEach(layer -> Arrays.fill(uniform.values("h." + layer + ".router.weight"), 0));
        SmallModel toOne = small(new SwitchConfig(4, 1, 0.5, 0, Reads.HIDDEN), 1);
        SPARSE.forEach(layer -> preferOneExpert(toOne, "h." + layer));

        assertThat(balanceLosses(uniform, worldSize)).containsExactly(new double[] {1, 1}, within(1e-6));
        assertThat(balanceLosses(toOne, worldSize)).containsExactly(new double[] {EXPERTS, EXPERTS}, within(1e-3));
    }

    private static double[] balanceLosses(SmallModel small, int worldSize) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(EXPERTS, worldSize);
        List<double[]> ofRanks = Ranks.run(worldSize, collective -> {
            var rank = new TestRank(small, placement, collective, KernelsFactory.best());
            rank.forwardBackward(TestRank.STEP);
            double[] sums = new double[LanguageModel.statisticsSize(small.config())];
            rank.model.takeStatistics(sums, 0);
            return sums;
        });
        double[] losses = new double[SPARSE.size()];
        for (double[] sums : ofRanks) {
            Arrays.setAll(
                    losses,
                    layer -> losses[layer]
                            + sums[layer * (EXPERTS + RouterStatistics.SIZE) + EXPERTS + RouterStatistics.BALANCE]);
        }
        return losses;
    }

    private static void preferOneExpert(SmallModel small, String block) {
        Arrays.fill(small.values(block + ".ffn_norm.bias"), 5);
        double[] weight = small.values(block + ".router.weight"); // [D, E]
        Arrays.setAll(weight, i -> i % EXPERTS == 2 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void sharedExpertsAndDropoutInsideExperts(int worldSize) {
        ModelConfig plain = SmallModel.config(Activation.GELU, 0, SPARSE, EXPERTS, 2);
        SmallModel small = SmallModel.random(
                plain.with(new MixtureConfig(SPARSE, EXPERTS, 2, Collections.nCopies(2, HashConfig.SUM), 2, 0.3)), 1);
        var reference = new ReferenceModel(
                small.config(),
                small.parameters(),
                new ReferenceRouters(small.config(), small.parameters()).summed(),
                (place, row, col) -> 1,
                masks(small.config()));

        requireAgreement(small, run(small, worldSize), reference);
    }

    @ParameterizedTest(name = "{0} networks an expert, {1} experts a token, {2} ranks, dropout {3} inside")
    @CsvSource({"2, 1, 1, 0", "2, 2, 3, 0.3", "3, 1, 2, 0", "3, 2, 1, 0.3"})
    void expertsOfSeveralNetworks(int sublayers, int k, int worldSize, double dropout) {
        ModelConfig plain = SmallModel.config(Activation.GELU, 0, SPARSE, EXPERTS, k);
        SmallModel small = SmallModel.random(
                plain.with(new MixtureConfig(
                        SPARSE, EXPERTS, k, Collections.nCopies(2, HashConfig.SUM), 0, dropout, sublayers)),
                1);
        var reference = new ReferenceModel(
                small.config(),
                small.parameters(),
                new ReferenceRouters(small.config(), small.parameters()).summed(),
                (place, row, col) -> 1,
                masks(small.config()));

        requireAgreement(small, run(small, worldSize), reference);
    }

    /** As BASE stacks them: assigned evenly, with its gate. */
    @ParameterizedTest
    @CsvSource({"1", "2"})
    void aBalancedAssignmentToSeveralNetworks(int worldSize) {
        ModelConfig plain = SmallModel.config(Activation.RELU, 0, SPARSE, EXPERTS, 1);
        RouterConfig base = new BaseConfig(BaseConfig.Assignment.AUCTION, false);
        SmallModel small = SmallModel.random(
                plain.with(MixtureConfig.of(SPARSE, EXPERTS, 1, base).stacked(3)), 1);
        Outcome outcome = run(small, worldSize);

        requireAgreement(
                small, outcome, new ReferenceRouters(small.config(), small.parameters()).base(outcome.experts()));
    }

    /** The masks of step {@link TestRank#STEP}, which the kernels alone know; each is asked for many times. */
    private static ExpertMask masks(ModelConfig config) {
        Map<List<Integer>, double[]> known = new HashMap<>();
        return (layer, unit, number, col) ->
                known.computeIfAbsent(List.of(layer, unit, number), key -> mask(config, layer, unit, number))[col];
    }

    private static double[] mask(ModelConfig config, int layer, int unit, int number) {
        Matrix ones = Matrix.allocate(1, config.ffnDim());
        ones.array().assign(1);
        long seed = Seeds.of(Seeds.of(TestRank.SEED, TestRank.STEP, 0), layer, unit);
        KERNELS.dropout(ones, (float) config.mixture().expertDropout(), seed, number);
        return TestRank.elements(ones);
    }

    private static SmallModel small(RouterConfig router, int k) {
        ModelConfig plain = SmallModel.config(Activation.GELU, 0, SPARSE, EXPERTS, k);
        return SmallModel.random(plain.with(MixtureConfig.of(SPARSE, EXPERTS, k, router)), 1);
    }

    private static void requireEvenParts(int[] experts, int worldSize) {
        int rows = experts.length / worldSize;
        for (int rank = 0; rank < worldSize; rank++) {
            int[] counts = new int[EXPERTS];
            Arrays.stream(experts, rank * rows, (rank + 1) * rows).forEach(expert -> counts[expert]++);
            assertThat(counts).containsOnly(rows / EXPERTS);
        }
    }

    private static Outcome run(SmallModel small, int worldSize) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(EXPERTS, worldSize);
        List<Outcome> ranks = Ranks.run(worldSize, collective -> ofRank(small, placement, collective));
        double nats = 0;
        Map<String, double[]> gradients = new HashMap<>();
        Map<Integer, int[]> experts = new TreeMap<>();
        for (Outcome rank : ranks) {
            nats += rank.nats();
            rank.gradients().forEach((name, gradient) -> gradients.merge(name, gradient, RouterGradientsTest::sum));
            rank.experts().forEach((layer, own) -> experts.merge(layer, own, RouterGradientsTest::joined));
        }
        return new Outcome(nats, gradients, experts);
    }

    private static Outcome ofRank(SmallModel small, ExpertPlacement placement, Collective collective) {
        Kernels kernels = KernelsFactory.best();
        List<RecordingRouter> recorders = new ArrayList<>();
        var rank = new TestRank(small, placement, collective, kernels, true, false, router -> {
            RecordingRouter recorder = new RecordingRouter(router);
            recorders.add(recorder);
            return recorder;
        });
        double nats = rank.forwardBackward(TestRank.STEP);
        Map<String, double[]> gradients = new HashMap<>();
        for (var group : List.of(rank.parameters.dense(), rank.parameters.experts())) {
            for (Parameter parameter : group.parameters()) {
                gradients.put(parameter.name(), TestRank.elements(parameter.gradient(kernels)));
            }
        }
        Map<Integer, int[]> experts = new TreeMap<>();
        for (int i = 0; i < recorders.size(); i++) {
            ShufflePlan plan = recorders.get(i).plan();
            experts.put(SPARSE.get(i), plan.experts().clone());
        }
        return new Outcome(nats, gradients, experts);
    }

    /** Experts by row of the batch, of experts by row of what groups had after their exchange. */
    private static Map<Integer, int[]> unshuffled(Map<Integer, int[]> experts, int groups) {
        Map<Integer, int[]> unshuffled = new TreeMap<>();
        experts.forEach((layer, shuffled) -> unshuffled.put(layer, unshuffled(layer, shuffled, groups)));
        return unshuffled;
    }

    private static int[] unshuffled(int layer, int[] shuffled, int groups) {
        int rows = shuffled.length / groups;
        int part = rows / groups;
        int[] experts = new int[shuffled.length];
        for (int group = 0; group < groups; group++) {
            long seed = Seeds.of(TestRank.SEED, "shuffle of layer " + layer);
            RowShuffle shuffle = new RowShuffle(rows, group, groups, groups, seed);
            shuffle.draw(TestRank.STEP, (long) group * rows);
            for (int place = 0; place < rows; place++) {
                int at = place / part * rows + group * part + place % part;
                experts[group * rows + shuffle.order()[place]] = shuffled[at];
            }
        }
        return experts;
    }

    private static void requireAgreement(SmallModel small, Outcome outcome, Mixing mixing) {
        requireAgreement(
                small,
                outcome,
                new ReferenceModel(
                        small.config(),
                        small.parameters(),
                        mixing,
                        (place, row, col) -> 1,
                        (layer, expert, number, col) -> 1));
    }

    /** Compares along one random direction of each tensor. */
    private static void requireAgreement(SmallModel small, Outcome outcome, ReferenceModel reference) {
        assertThat(outcome.nats()).isCloseTo(reference.nats(small.batch()), within(1e-3));
        var random = new SplittableRandom(3);
        for (TensorSpec spec : SmallModel.tensors(small.config())) {
            double[] direction = random.doubles(spec.size(), -1, 1).toArray();
            double[] gradient = Objects.requireNonNull(outcome.gradients().get(spec.name()));
            double expected = reference.derivative(small.batch(), spec.name(), direction) * small.gradientScale();
            double actual = 0;
            double scale = 0;
            for (int i = 0; i < gradient.length; i++) {
                actual += gradient[i] * direction[i];
                scale += Math.abs(gradient[i] * direction[i]);
            }
            assertThat(actual).as(spec.name()).isCloseTo(expected, within(1e-5 + 2e-4 * scale));
        }
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = a.clone();
        Arrays.setAll(sum, i -> sum[i] + b[i]);
        return sum;
    }

    private static int[] joined(int[] a, int[] b) {
        int[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }
}
