package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.HashRouter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Loss and every gradient against float64 loops and their central differences, which know no backward pass. */
class LanguageModelTest {
    private static final Kernels KERNELS = KernelsFactory.best();

    static Stream<Arguments> kernelsAndConfigs() {
        List<ModelConfig> configs = List.of(
                SmallModel.config(Activation.GELU, 0, List.of(), 1, 1),
                SmallModel.config(Activation.GELU, 5, 1),
                SmallModel.config(Activation.RELU, 5, 2),
                SmallModel.config(Activation.RELU, 0, List.of(0, 1), 3, 1),
                SmallModel.config(Activation.GELU, 0.3, List.of(0), 4, 2));
        return Stream.of("vector", "nd4j")
                .flatMap(kernels -> configs.stream().map(config -> Arguments.of(kernels, config)));
    }

    @ParameterizedTest
    @MethodSource("kernelsAndConfigs")
    void lossAndAllGradientsAreThoseOfTheReference(String kernelsName, ModelConfig config) {
        Kernels kernels = KernelsFactory.named(kernelsName);
        SmallModel small = SmallModel.random(config, 4, 1);
        ReferenceModel reference = reference(small, kernels);
        TestRank rank = alone(small, kernels);

        double nats = rank.forwardBackward(TestRank.STEP);

        assertThat(nats).isCloseTo(reference.loss(small.batch()), within(1e-4));
        for (TensorSpec spec : SmallModel.tensors(config)) {
            double[] gradient =
                    TestRank.elements(rank.parameters.get(spec.name()).gradient(KERNELS));
            for (int i = 0; i < gradient.length; i++) {
                double expected = reference.derivative(small.batch(), spec.name(), i) * small.gradientScale();
                assertThat(gradient[i])
                        .as("d loss / d %s[%d]", spec.name(), i)
                        .isCloseTo(expected, within(1e-5 + 1e-4 * Math.abs(expected)));
            }
        }
    }

    /** Widths beyond a vector register, along one random direction of each tensor. */
    @RandomSeeds(3)
    void gradientsOfAWiderModelAreThoseOfTheReference(long seed) {
        var random = new SplittableRandom(seed);
        var config = new ModelConfig(70, 8, 3, 40, 72, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(1, 2), 6, 2));
        SmallModel small = SmallModel.random(config, 3, seed);
        var reference = new ReferenceModel(config, small.parameters());
        TestRank rank = alone(small, KERNELS);

        double nats = rank.forwardBackward(1);

        assertThat(nats / small.targets()).isCloseTo(reference.loss(small.batch()) / small.targets(), within(1e-5));
        for (TensorSpec spec : SmallModel.tensors(config)) {
            double[] direction = random.doubles(spec.size(), -1, 1).toArray();
            double[] gradient =
                    TestRank.elements(rank.parameters.get(spec.name()).gradient(KERNELS));
            double expected = reference.derivative(small.batch(), spec.name(), direction) * small.gradientScale();
            double actual = 0;
            double scale = 0;
            for (int i = 0; i < gradient.length; i++) {
                actual += gradient[i] * direction[i];
                scale += Math.abs(gradient[i] * direction[i]);
            }
            assertThat(actual).as(spec.name()).isCloseTo(expected, within(1e-5 + 1e-4 * scale));
        }
    }

    @Test
    void evaluationLosesTheSameNatsAndDropsNothing() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 0.3, List.of(1), 4, 2), 1);
        double expected = new ReferenceModel(small.config(), small.parameters()).loss(small.batch());
        TestRank training = alone(small, KERNELS);
        TestRank evaluating = evaluating(small);

        double withMasks = training.forwardBackward(1);

        assertThat(withMasks).isNotCloseTo(expected, within(1e-2));
        assertThat(training.loss()).isCloseTo(expected, within(1e-4));
        assertThat(evaluating.loss()).isEqualTo(training.loss());
    }

    @Test
    void logitsOfARowAreThoseOfTheReferenceAndDoNotSeeWhatFollows() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 4, 1), 1);
        double[] expected = new ReferenceModel(small.config(), small.parameters()).logits(small.batch())[5];
        TestRank rank = evaluating(small);
        Matrix logits = rank.model.logits(rank.tokens, 5);

        assertThat(logits.rows()).isEqualTo(1);
        assertThat(TestRank.elements(logits)).containsExactly(expected, within(1e-4));
    }

    @Test
    void gradientsThatAreSaidToBeCompleteChangeNoMore() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 0.1, List.of(1), 3, 1), 1);
        TestRank rank = alone(small, KERNELS);
        var offsets = new ArrayList<Long>();
        var complete = new HashMap<String, double[]>();

        rank.forwardBackward(1, offset -> {
            offsets.add(offset);
            for (Parameter parameter : rank.parameters.dense().parameters()) {
                if (parameter.spec().offset() >= offset) {
                    complete.putIfAbsent(parameter.name(), TestRank.elements(parameter.gradientMemory()));
                }
            }
        });

        assertThat(offsets)
                .isSortedAccordingTo(Comparator.reverseOrder())
                .hasSize(4)
                .endsWith(0L);
        assertThat(complete).hasSameSizeAs(rank.parameters.dense().parameters());
        complete.forEach((name, gradient) -> assertThat(gradient)
                .as(name)
                .isEqualTo(TestRank.elements(rank.parameters.get(name).gradient(KERNELS))));
    }

    @Test
    void gradientsOfTwoBatchesAddUp() {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.RELU, 3, 1), 1);
        TestRank once = alone(small, KERNELS);
        TestRank twice = alone(small, KERNELS);
        once.forwardBackward(1);

        twice.forwardBackward(1);
        twice.forwardBackward(2);

        for (TensorSpec spec : SmallModel.tensors(small.config())) {
            double[] single = TestRank.elements(once.parameters.get(spec.name()).gradient(KERNELS));
            double[] sum = TestRank.elements(twice.parameters.get(spec.name()).gradient(KERNELS));
            for (int i = 0; i < single.length; i++) {
                assertThat(sum[i]).as(spec.name()).isCloseTo(2 * single[i], within(1e-6));
            }
        }
    }

    @Test
    void aBatchOfAnotherSizeIsRefused() {
        TestRank rank = alone(SmallModel.random(SmallModel.config(Activation.RELU, 3, 1), 1), KERNELS);

        assertThatThrownBy(() -> rank.model.loss(new int[4], rank.targets))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("4 tokens or targets; this model was made for 48 rows");
    }

    @Test
    void rowsThatAreNotWholeSequencesAreRefused() {
        ModelConfig config = SmallModel.config(Activation.RELU, 3, 1);
        Parameters parameters = Parameters.forEvaluation(config, layer -> new int[] {0, 1, 2});

        assertThatThrownBy(() -> new LanguageModel(
                        parameters, KERNELS, Ranks.alone(), List.of(new HashRouter()), Activations.kept(6, 6), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("6 rows are not whole sequences of 4 tokens");
        assertThatThrownBy(() ->
                        new LanguageModel(parameters, KERNELS, Ranks.alone(), List.of(), Activations.kept(8, 8), 1))
                .hasMessage("0 routers for the sparse layers [1]");
    }

    private static TestRank alone(SmallModel small, Kernels kernels) {
        return new TestRank(small, onOneRank(small), Ranks.alone(), kernels);
    }

    private static TestRank evaluating(SmallModel small) {
        return new TestRank(small, onOneRank(small), Ranks.alone(), KERNELS, false, false);
    }

    private static ExpertPlacement onOneRank(SmallModel small) {
        return ExpertPlacement.roundRobin(small.config().numExperts(), 1);
    }

    /** The reference with the dropout masks of step {@link TestRank#STEP}, which the kernels alone know. */
    private static ReferenceModel reference(SmallModel small, Kernels kernels) {
        ModelConfig config = small.config();
        int rows = small.batch().tokens.length;
        var stream = new ResidualStream(config, kernels, new Workspace(true, false), rows, TestRank.SEED);
        stream.train(TestRank.STEP, 0);
        Matrix[] masks = new Matrix[1 + 2 * config.layers()];
        for (int place = 0; place < masks.length; place++) {
            masks[place] = Matrix.allocate(rows, config.modelDim());
            masks[place].array().assign(1);
            stream.drop(masks[place], place);
        }
        return new ReferenceModel(
                config, small.parameters(), (layer, expert, x) -> 1, (place, row, col) -> masks[place].get(row, col));
    }
}
