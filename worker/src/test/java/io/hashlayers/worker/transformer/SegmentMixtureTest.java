package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.RouterStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a layer of segments has in common with one of whole experts; its equations are in {@link RouterGradientsTest}. */
class SegmentMixtureTest {
    private static final Kernels KERNELS = KernelsFactory.best();
    private static final List<Integer> SPARSE = List.of(0, 1);
    private static final int EXPERTS = 4;

    @ParameterizedTest(name = "{0} ranks, dropout {1}, adding to what is there: {2}")
    @CsvSource({"1, 0, false", "1, 0.3, true", "3, 0, true", "3, 0.3, false"})
    void ofOneSegmentIsThatOfWholeExpertsToTheBit(int worldSize, double dropout, boolean accumulate) {
        SmallModel small = SmallModel.random(SmallModel.segmented(SPARSE, 1, 0, dropout), 1);

        Ranks.run(worldSize, collective -> {
            Map<String, double[]> whole = passes(small, collective, false, accumulate);
            Map<String, double[]> segments = passes(small, collective, true, accumulate);
            assertThat(segments.keySet()).isEqualTo(whole.keySet());
            whole.forEach(
                    (name, values) -> assertThat(segments.get(name)).as(name).isEqualTo(values));
            return true;
        });
    }

    /** What a mixture makes of some rows and of the gradient of its answers, and the gradients of its tensors. */
    private static Map<String, double[]> passes(
            SmallModel small, Collective collective, boolean segments, boolean accumulate) {
        Kernels kernels = KernelsFactory.best();
        ExpertPlacement placement = ExpertPlacement.roundRobin(EXPERTS, collective.worldSize());
        var rank = new TestRank(small, placement, collective, kernels);
        int rows = rank.tokens.length;
        var workspace = new Workspace(true, false);
        var stream = new ResidualStream(small.config(), kernels, workspace, rows, TestRank.SEED);
        var setup = new Setup(small.config(), rows, rank.parameters, kernels, workspace, TestRank.SEED, stream);
        var router = new HashRouter();
        router.follow(rank.plan);
        Mixture mixture = segments
                ? new SegmentMixture(setup, collective, router, 1, rank.receiveCapacity)
                : new ExpertMixture(setup, collective, router, 1, rank.receiveCapacity);
        var random = new SplittableRandom(collective.rank());
        Matrix out = random(rows, random);
        Matrix dx = random(rows, random);

        mixture.begin(RouterBatch.training(rank.tokens, TestRank.STEP, 0, (long) collective.rank() * rows, 1));
        mixture.forward(random(rows, random), out, accumulate);
        mixture.backward(random(rows, random), dx, accumulate);

        Map<String, double[]> found = new HashMap<>();
        found.put("out", TestRank.elements(out));
        found.put("dx", TestRank.elements(dx));
        for (Parameter parameter : rank.parameters.experts().parameters()) {
            found.put(parameter.name(), TestRank.elements(parameter.gradient(kernels)));
        }
        double[] statistics = new double[EXPERTS + RouterStatistics.SIZE];
        mixture.takeStatistics(statistics, 0);
        found.put("statistics", statistics);
        return found;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void equalHashesAreThePlainHashLayer(int segments) {
        SmallModel plain = SmallModel.random(SmallModel.segmented(SPARSE, 1, 0, 0), 1);
        SmallModel cut = cut(plain, segments);
        TestRank plainRank = alone(plain);
        TestRank cutRank = alone(cut);

        double nats = plainRank.forwardBackward(1);

        assertThat(cutRank.forwardBackward(1)).isCloseTo(nats, within(1e-5));
        Map<String, double[]> expected = cut(plain.config(), gradients(plainRank), segments);
        Map<String, double[]> actual = gradients(cutRank);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
                (name, gradient) -> assertThat(actual.get(name)).as(name).containsExactly(gradient, within(1e-6)));
    }

    @Test
    void segmentsWithoutRowsHaveExactlyZeroGradient() {
        SmallModel random = SmallModel.random(SmallModel.segmented(List.of(1), 2, 0, 0), 1);
        TestRank rank = alone(random.routedBy(new MultiHash(List.of(allTo(2), allTo(0)))));

        rank.forwardBackward(1);

        for (ExpertParameters expert : rank.parameters.localExperts()) {
            for (Parameter parameter : expert.parameters()) {
                double[] gradient = TestRank.elements(parameter.gradient(KERNELS));
                String name = parameter.name();
                if (name.contains("experts.2.segments.0.") || name.contains("experts.0.segments.1.")) {
                    assertThat(gradient).as(name).doesNotContain(0);
                } else {
                    assertThat(gradient).as(name).containsOnly(0);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void rowsOfAnExpertAreThoseOfItsSegmentsInTrainingAlone(int worldSize) {
        SmallModel small = SmallModel.random(SmallModel.segmented(SPARSE, 3, 0, 0), 1);
        double[] expected = new double[EXPERTS];
        Arrays.stream(small.batch().experts).forEach(unit -> expected[unit / 3] += 2);

        List<double[]> ofRanks = Ranks.run(worldSize, collective -> {
            var placement = ExpertPlacement.roundRobin(EXPERTS, worldSize);
            var rank = new TestRank(small, placement, collective, KernelsFactory.best());
            rank.forwardBackward(1);
            rank.loss();
            rank.forwardBackward(2);
            double[] sums = new double[LanguageModel.statisticsSize(small.config())];
            rank.model.takeStatistics(sums, 0);
            double[] again = new double[sums.length];
            rank.model.takeStatistics(again, 0);
            assertThat(again).containsOnly(0);
            return sums;
        });

        for (int layer = 0; layer < SPARSE.size(); layer++) {
            int start = layer * (EXPERTS + RouterStatistics.SIZE);
            double[] rows = new double[EXPERTS];
            ofRanks.forEach(sums -> Arrays.setAll(rows, expert -> rows[expert] + sums[start + expert]));
            assertThat(rows).isEqualTo(expected);
        }
    }

    @Test
    void theExpertOfARowIsThatOfItsFirstSegment() {
        SmallModel small = SmallModel.random(SmallModel.segmented(SPARSE, 3, 0, 0), 1);
        TestRank rank = alone(small);
        int[] experts = new int[2 + rank.tokens.length];

        rank.loss();
        rank.model.copyExperts(1, experts, 2);

        ExpertTable first = small.table();
        assertThat(Arrays.stream(experts).skip(2))
                .containsExactly(Arrays.stream(rank.tokens)
                        .map(token -> first.expert(token, 0))
                        .boxed()
                        .toArray(Integer[]::new));
    }

    @Test
    void aPlanForOtherSegmentsIsRefused() {
        SmallModel small = SmallModel.random(SmallModel.segmented(List.of(1), 2, 0, 0), 1);
        var hashes = new ArrayList<Router>();
        var rank = new TestRank(small, onOneRank(), Ranks.alone(), KERNELS, true, false, router -> {
            hashes.add(router);
            return router;
        });
        HashRouter router = (HashRouter) hashes.get(0);
        int rows = rank.tokens.length;

        router.follow(new ShufflePlan(ExpertPlacement.roundRobin(8, 1), 0, rows, 1, rows));
        assertThatThrownBy(() -> rank.forwardBackward(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the plan is for 1 choices of each row, which visits 2 segments");
        router.follow(new ShufflePlan(ExpertPlacement.roundRobin(6, 1), 0, rows, 2, 2 * rows));
        assertThatThrownBy(() -> rank.forwardBackward(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the plan is for 6 segments on this rank, which holds 8");
    }

    /** The same model in segments, all chosen by the same table. */
    private static SmallModel cut(SmallModel plain, int segments) {
        ModelConfig config = SmallModel.segmented(SPARSE, segments, 0, 0);
        TokenHash hash = (TokenHash) plain.hash();
        return new SmallModel(config, cut(plain.config(), plain.parameters(), segments), plain.hash(), plain.batch())
                .routedBy(new MultiHash(Collections.nCopies(segments, hash)));
    }

    /** Cuts the columns of every tensor of an expert. */
    private static Map<String, double[]> cut(ModelConfig config, Map<String, double[]> tensors, int segments) {
        Map<String, double[]> cut = new HashMap<>();
        for (TensorSpec spec : SmallModel.tensors(config)) {
            double[] values = Objects.requireNonNull(tensors.get(spec.name()));
            if (!spec.name().contains(".experts.")) {
                cut.put(spec.name(), values);
                continue;
            }
            int width = spec.cols() / segments;
            for (int segment = 0; segment < segments; segment++) {
                int first = segment * width;
                double[] part = IntStream.range(0, spec.rows() * width)
                        .mapToDouble(i -> values[i / width * spec.cols() + first + i % width])
                        .toArray();
                cut.put(spec.name().replaceFirst("(experts\\.\\d+)", "$1.segments." + segment), part);
            }
        }
        return cut;
    }

    private static Map<String, double[]> gradients(TestRank rank) {
        Map<String, double[]> gradients = new HashMap<>();
        for (var group : List.of(rank.parameters.dense(), rank.parameters.experts())) {
            for (Parameter parameter : group.parameters()) {
                gradients.put(parameter.name(), TestRank.elements(parameter.gradient(KERNELS)));
            }
        }
        return gradients;
    }

    private static TokenHash allTo(int expert) {
        int[] table = new int[11];
        Arrays.fill(table, expert);
        return new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(EXPERTS, 1, table));
    }

    private static Matrix random(int rows, SplittableRandom random) {
        Matrix matrix = Matrix.allocate(rows, 6);
        for (int i = 0; i < matrix.size(); i++) {
            matrix.set(i / 6, i % 6, (float) random.nextDouble(-1, 1));
        }
        return matrix;
    }

    private static TestRank alone(SmallModel small) {
        return new TestRank(small, onOneRank(), Ranks.alone(), KERNELS);
    }

    private static ExpertPlacement onOneRank() {
        return ExpertPlacement.roundRobin(EXPERTS, 1);
    }
}
