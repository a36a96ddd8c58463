package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Activation;
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
import java.util.HashMap;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpertLayerTest {
    private static final Kernels KERNELS = KernelsFactory.best();

    @Test
    void oneExpertIsTheDenseModel() {
        SmallModel dense = SmallModel.random(SmallModel.config(Activation.GELU, 0, List.of(), 1, 1), 1);
        SmallModel sparse = asOneExpert(dense);
        TestRank denseRank = alone(dense);
        TestRank sparseRank = alone(sparse);

        double denseNats = denseRank.forwardBackward(1);
        double sparseNats = sparseRank.forwardBackward(1);

        assertThat(sparseNats).isCloseTo(denseNats, within(1e-5));
        for (TensorSpec spec : SmallModel.tensors(dense.config())) {
            assertThat(gradient(sparseRank, expertName(spec.name())))
                    .as(spec.name())
                    .containsExactly(gradient(denseRank, spec.name()), within(1e-6));
        }
    }

    @Test
    void relabelledExpertsChangeNothing() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.RELU, 4, 2), 1);
        int[] newNames = {2, 0, 3, 1};
        SmallModel relabelled = relabelled(small, newNames);
        TestRank rank = alone(small);
        TestRank other = alone(relabelled);

        double nats = rank.forwardBackward(1);

        assertThat(other.forwardBackward(1)).isCloseTo(nats, within(1e-5));
        for (ExpertParameters expert : rank.parameters.localExperts()) {
            for (Parameter parameter : expert.parameters()) {
                String renamed =
                        parameter.name().replace("experts." + expert.expert(), "experts." + newNames[expert.expert()]);
                assertThat(gradient(other, renamed))
                        .as(parameter.name())
                        .containsExactly(gradient(rank, parameter.name()), within(1e-6));
            }
        }
        for (Parameter parameter : rank.parameters.dense().parameters()) {
            assertThat(gradient(other, parameter.name()))
                    .as(parameter.name())
                    .containsExactly(gradient(rank, parameter.name()), within(1e-6));
        }
    }

    @Test
    void expertsWithoutRowsHaveExactlyZeroGradient() {
        SmallModel random = SmallModel.random(SmallModel.config(Activation.GELU, 4, 1), 1);
        int[] allToTwo = new int[random.config().vocabularySize()];
        Arrays.fill(allToTwo, 2);
        TestRank rank = alone(random.routedBy(ExpertTable.of(4, 1, allToTwo)));

        rank.forwardBackward(1);

        for (ExpertParameters expert : rank.parameters.localExperts()) {
            for (Parameter parameter : expert.parameters()) {
                double[] gradient = TestRank.elements(parameter.gradient(KERNELS));
                if (expert.expert() == 2) {
                    assertThat(gradient).as(parameter.name()).doesNotContain(0);
                } else {
                    assertThat(gradient).as(parameter.name()).containsOnly(0);
                }
            }
        }
    }

    /** The seam of learned routers: gates that depend on x weigh the answers and send a gradient back to x. */
    @Test
    void gatesOfARouterWeighAnswersAndReachTheInput() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 4, 2), 1);
        var reference = new ReferenceModel(
                small.config(), small.parameters(), (layer, expert, x) -> 1 + x[0], (place, row, col) -> 1);
        var rank = new TestRank(
                small,
                onOneRank(small),
                Ranks.alone(),
                KERNELS,
                true,
                false,
                router -> new GateByFirstColumn((HashRouter) router));

        double nats = rank.forwardBackward(1);

        assertThat(nats).isCloseTo(reference.loss(small.batch()), within(1e-4));
        for (String name : List.of("h.1.ffn_norm.weight", "h.1.experts.2.up.weight", "h.0.ffn.down.bias")) {
            double[] gradient = gradient(rank, name);
            for (int i = 0; i < gradient.length; i++) {
                double expected = reference.derivative(small.batch(), name, i) * small.gradientScale();
                assertThat(gradient[i])
                        .as("d loss / d %s[%d]", name, i)
                        .isCloseTo(expected, within(1e-5 + 1e-4 * Math.abs(expected)));
            }
        }
    }

    @Test
    void aPlanForOtherExpertsIsRefused() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 4, 1), 1);
        var hashes = new ArrayList<Router>();
        var rank = new TestRank(small, onOneRank(small), Ranks.alone(), KERNELS, true, false, router -> {
            hashes.add(router);
            return router;
        });
        int rows = rank.tokens.length;
        ((HashRouter) hashes.get(0)).follow(new ShufflePlan(ExpertPlacement.roundRobin(3, 1), 0, rows, 1, rows));

        assertThatThrownBy(() -> rank.forwardBackward(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the plan is for 3 experts on this rank, which holds 4");
    }

    /** A gate {@code 1 + x[0]} for every choice, on top of a hash. */
    private static final class GateByFirstColumn implements Router {
        private final HashRouter hash;
        private Matrix x = Matrix.allocate(0, 1);
        private double[] answers = {};
        private double[] dGates = {};

        GateByFirstColumn(HashRouter hash) {
            this.hash = hash;
        }

        @Override
        public void begin(RouterBatch batch) {
            hash.begin(batch);
        }

        @Override
        public RouterStatistics statistics() {
            return hash.statistics();
        }

        @Override
        public ShufflePlan route(Matrix input) {
            x = input;
            return hash.route(input);
        }

        @Override
        public ShufflePlan plan() {
            return hash.plan();
        }

        @Override
        public boolean keepsAnswers() {
            return false; // it copies them
        }

        @Override
        public void weigh(Matrix outputs, Matrix weighed) {
            assertThat(weighed).isSameAs(outputs);
            answers = TestRank.elements(outputs);
            scale(weighed);
        }

        @Override
        public void weighBackward(Matrix outputs, Matrix dOutputs) {
            double[] weighed = TestRank.elements(dOutputs);
            dGates = new double[x.rows()];
            int[] rows = hash.route(x).sourceRows();
            for (int i = 0; i < weighed.length; i++) {
                dGates[rows[i / dOutputs.cols()]] += weighed[i] * answers[i];
            }
            scale(dOutputs);
        }

        @Override
        public void addInputGradient(Matrix dx) {
            for (int row = 0; row < dGates.length; row++) {
                dx.set(row, 0, (float) (dx.get(row, 0) + dGates[row]));
            }
        }

        private void scale(Matrix slots) {
            int[] rows = hash.route(x).sourceRows();
            for (int slot = 0; slot < slots.rows(); slot++) {
                for (int col = 0; col < slots.cols(); col++) {
                    slots.set(slot, col, slots.get(slot, col) * (1 + x.get(rows[slot], 0)));
                }
            }
        }
    }

    private static SmallModel asOneExpert(SmallModel dense) {
        ModelConfig config = SmallModel.config(Activation.GELU, 0, List.of(0, 1), 1, 1);
        var parameters = new HashMap<String, double[]>();
        dense.parameters().forEach((name, values) -> parameters.put(expertName(name), values));
        return new SmallModel(config, parameters, dense.hash(), dense.batch());
    }

    private static String expertName(String denseName) {
        return denseName.replace(".ffn.", ".experts.0.");
    }

    private static SmallModel relabelled(SmallModel small, int[] newNames) {
        var parameters = new HashMap<String, double[]>(small.parameters());
        for (int expert = 0; expert < newNames.length; expert++) {
            for (String tensor : List.of("up.weight", "up.bias", "down.weight", "down.bias")) {
                parameters.put(
                        "h.1.experts." + newNames[expert] + "." + tensor,
                        small.values("h.1.experts." + expert + "." + tensor));
            }
        }
        int k = small.config().expertsPerToken();
        int[] table = IntStream.range(0, small.table().values() * k)
                .map(i -> newNames[small.table().expert(i / k, i % k)])
                .toArray();
        return new SmallModel(small.config(), parameters, small.hash(), small.batch())
                .routedBy(ExpertTable.of(newNames.length, k, table));
    }

    private static double[] gradient(TestRank rank, String name) {
        return TestRank.elements(rank.parameters.get(name).gradient(KERNELS));
    }

    private static TestRank alone(SmallModel small) {
        return new TestRank(small, onOneRank(small), Ranks.alone(), KERNELS);
    }

    private static ExpertPlacement onOneRank(SmallModel small) {
        return ExpertPlacement.roundRobin(small.config().numExperts(), 1);
    }
}
