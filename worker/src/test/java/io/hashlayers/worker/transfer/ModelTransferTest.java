package io.hashlayers.worker.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Ranks;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelTransferTest {
    private static final Configuration HADOOP = new Configuration();
    private static final RouterConfig SWITCH = new SwitchConfig(1, 2, 0.01, 0, SwitchConfig.Reads.HIDDEN);
    private static final RouterConfig BASE = new BaseConfig(BaseConfig.Assignment.AUCTION, false);
    private static final RouterConfig SIGMOID = new HashConfig(HashConfig.Combine.SIGMOID, 1, 1);
    private static final ModelConfig DENSE = of(mixture(List.of(), 1, 0));

    @TempDir
    Path run;

    private static ModelConfig of(MixtureConfig mixture) {
        return new ModelConfig(11, 4, 3, 4, 6, 2, Activation.GELU, 0.1, mixture);
    }

    private static MixtureConfig mixture(List<Integer> layers, int experts, int shared, RouterConfig... routers) {
        return new MixtureConfig(layers, experts, 1, List.of(routers), shared, 0);
    }

    @Test
    void theSameModelIsTakenWhole() {
        ModelConfig sparse = of(mixture(List.of(1), 5, 1, SWITCH));

        ModelTransfer transfer = ModelTransfer.of(sparse, sparse);

        assertThat(transfer.taken()).isEqualTo(ParameterLayout.of(sparse).all().size());
        assertThat(transfer.upcycledLayers()).isEmpty();
        assertThat(transfer.begunAnew()).isEmpty();
        assertThat(transfer.leftOut()).isEmpty();
    }

    @Test
    void whatADenseModelLacksBeginsAnew() {
        ModelTransfer transfer = ModelTransfer.of(DENSE, of(mixture(List.of(0, 2), 5, 1, SIGMOID, HashConfig.SUM)));

        assertThat(transfer.upcycledLayers()).containsExactly(0, 2);
        assertThat(transfer.taken()).isEqualTo(ParameterLayout.of(DENSE).all().size() - 2 * 4);
        assertThat(transfer.begunAnew())
                .containsExactly(
                        "h.0.router.weight",
                        "h.0.shared.up.weight",
                        "h.0.shared.up.bias",
                        "h.0.shared.down.weight",
                        "h.0.shared.down.bias",
                        "h.2.shared.up.weight",
                        "h.2.shared.up.bias",
                        "h.2.shared.down.weight",
                        "h.2.shared.down.bias");
        assertThat(transfer.leftOut()).isEmpty();
    }

    @Test
    void anotherRouterTakesTheExpertsAndTheWeightsOfTheSameShape() {
        ModelConfig learned = of(mixture(List.of(1), 5, 0, SWITCH));
        ModelConfig gated = of(mixture(List.of(1), 5, 0, SIGMOID));
        ModelConfig hash = of(mixture(List.of(1), 5, 0, HashConfig.SUM));

        assertThat(ModelTransfer.of(learned, gated).taken())
                .isEqualTo(ParameterLayout.of(gated).all().size());
        assertThat(ModelTransfer.of(learned, hash).leftOut()).containsExactly("h.1.router.weight");
        assertThat(ModelTransfer.of(hash, learned).begunAnew()).containsExactly("h.1.router.weight");
    }

    @ParameterizedTest(name = "{0} experts on {1} ranks")
    @CsvSource({"1, 1", "5, 1", "5, 2", "5, 3", "3, 7"})
    void everyExpertOfEveryRankBeginsAsTheDenseNetwork(int experts, int worldSize) {
        write(DENSE);
        ModelConfig sparse = of(mixture(List.of(0, 2), experts, 1, BASE, HashConfig.SUM));
        ModelTransfer transfer = ModelTransfer.of(DENSE, sparse);

        Ranks.run(worldSize, collective -> {
            ExpertPlacement placement = ExpertPlacement.roundRobin(experts, worldSize);
            Parameters parameters = Parameters.forTraining(sparse, layer -> placement.expertsOf(collective.rank()));
            fill(parameters, name -> name + " as it was");
            try (CheckpointReader saved = open()) {
                transfer.read(saved, parameters);
            }
            requireFilled(
                    parameters,
                    name -> transfer.begunAnew().contains(name)
                            ? name + " as it was"
                            : name.replaceFirst("experts\\.\\d+\\.", "ffn."));
            return true;
        });
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void everySegmentBeginsAsItsColumnsOfTheDenseNetwork(int worldSize) {
        write(DENSE);
        RouterConfig halves = new HashConfig(HashConfig.Combine.SUM, 1, 2);
        ModelConfig segmented = of(mixture(List.of(0, 2), 5, 0, halves, HashConfig.SUM));
        ModelTransfer transfer = ModelTransfer.of(DENSE, segmented);

        assertThat(transfer.upcycledLayers()).containsExactly(0, 2);
        assertThat(transfer.begunAnew()).isEmpty();
        assertThat(transfer.leftOut()).isEmpty();
        Ranks.run(worldSize, collective -> {
            ExpertPlacement placement = ExpertPlacement.roundRobin(5, worldSize);
            Parameters parameters = Parameters.forTraining(segmented, layer -> placement.expertsOf(collective.rank()));
            try (CheckpointReader saved = open()) {
                transfer.read(saved, parameters);
            }
            all(parameters).forEach(ModelTransferTest::requireColumns);
            return true;
        });
    }

    /** The name of a segment's tensor says which half of the dense network's columns it is. */
    private static void requireColumns(Parameter parameter) {
        String name = parameter.name();
        boolean half = name.contains(".segments.");
        int first = name.contains(".segments.1.") ? parameter.spec().cols() : 0;
        int width = half ? 2 * parameter.spec().cols() : parameter.spec().cols();
        String source = name.replaceFirst("experts\\.\\d+\\.(segments\\.\\d+\\.)?", "ffn.");
        for (int row = 0; row < parameter.spec().rows(); row++) {
            for (int col = 0; col < parameter.spec().cols(); col++) {
                assertThat(parameter.value().get(row, col))
                        .as(name)
                        .isEqualTo(number(source, row * width + first + col));
            }
        }
    }

    @Test
    void aTensorThatIsNotThereIsNamed() {
        write(of(mixture(List.of(0), 2, 0, HashConfig.SUM)));
        Parameters parameters = Parameters.forEvaluation(DENSE, layer -> new int[0]);

        try (CheckpointReader saved = open()) {
            assertThatThrownBy(() -> ModelTransfer.of(DENSE, DENSE).read(saved, parameters))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.DATA))
                    .hasMessageContaining("has no tensor h.0.ffn.up.weight");
        }
    }

    @Test
    void aLayerOfExpertsBecomesNoDenseNetwork() {
        assertRefused(
                        of(mixture(List.of(0, 1), 5, 0, SWITCH, SWITCH)),
                        of(mixture(List.of(1, 2), 5, 0, SWITCH, SWITCH)))
                .hasMessage(
                        "moe.layers is [1, 2] but the checkpoint of train.from has experts in the blocks [0, 1], which"
                                + " cannot become one network; add the blocks [0], or begin with another checkpoint");
    }

    @Test
    void anotherShapeIsRefusedWithBothValues() {
        assertOther(
                new ModelConfig(12, 4, 3, 4, 6, 2, Activation.GELU, 0, DENSE.mixture()), "the vocabulary is 12 but 11");
        assertOther(
                new ModelConfig(11, 5, 3, 4, 6, 2, Activation.GELU, 0, DENSE.mixture()),
                "model.context-length is 5 but 4");
        assertOther(new ModelConfig(11, 4, 2, 4, 6, 2, Activation.GELU, 0, DENSE.mixture()), "model.layers is 2 but 3");
        assertOther(new ModelConfig(11, 4, 3, 8, 6, 2, Activation.GELU, 0, DENSE.mixture()), "model.dim is 8 but 4");
        assertOther(
                new ModelConfig(11, 4, 3, 4, 7, 2, Activation.GELU, 0, DENSE.mixture()), "model.ffn-dim is 7 but 6");
        assertOther(new ModelConfig(11, 4, 3, 4, 6, 1, Activation.GELU, 0, DENSE.mixture()), "model.heads is 1 but 2");
        assertOther(
                new ModelConfig(11, 4, 3, 4, 6, 2, Activation.RELU, 0, DENSE.mixture()),
                "model.activation is relu but gelu");
        assertRefused(of(mixture(List.of(1), 5, 0, SWITCH)), of(mixture(List.of(1), 6, 0, SWITCH)))
                .hasMessageStartingWith("moe.num-experts is 6 but 5 in the checkpoint");
        assertRefused(of(mixture(List.of(1), 5, 1, SWITCH)), of(mixture(List.of(1), 5, 2, SWITCH)))
                .hasMessageStartingWith("moe.shared-experts is 2 but 1 in the checkpoint");
        assertRefused(
                        of(mixture(List.of(1), 5, 0, SWITCH)),
                        of(mixture(List.of(1), 5, 0, SWITCH).stacked(2)))
                .hasMessageStartingWith("moe.sublayers is 2 but 1 in the checkpoint");
        assertRefused(DENSE, of(mixture(List.of(1), 5, 0, SWITCH).stacked(2)))
                .hasMessageStartingWith("moe.sublayers is 2 but a dense network of the checkpoint");
        RouterConfig segments = new HashConfig(HashConfig.Combine.SUM, 1, 2);
        assertRefused(of(mixture(List.of(1), 5, 0, segments)), of(mixture(List.of(1), 5, 0, SWITCH)))
                .hasMessageStartingWith("moe.segments is 1 but 2 in the checkpoint");
        assertRefused(of(mixture(List.of(1), 5, 0, SWITCH)), of(mixture(List.of(0, 1), 5, 0, segments, segments)))
                .hasMessageStartingWith("moe.segments is 2 but 1 in the checkpoint");
    }

    @Test
    void dropoutMayDiffer() {
        ModelConfig other = new ModelConfig(11, 4, 3, 4, 6, 2, Activation.GELU, 0.5, DENSE.mixture());

        assertThat(ModelTransfer.of(DENSE, other).begunAnew()).isEmpty();
    }

    private static void assertOther(ModelConfig other, String what) {
        assertRefused(DENSE, other)
                .hasMessage(what + " in the checkpoint of train.from; leave it as it is there, or begin with another"
                        + " checkpoint");
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertRefused(
            ModelConfig saved, ModelConfig model) {
        return assertThatThrownBy(() -> ModelTransfer.of(saved, model))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER));
    }

    /** A checkpoint whose tensors hold numbers that their names determine. */
    private void write(ModelConfig model) {
        Parameters parameters = Parameters.forEvaluation(model, layer -> new int[] {0, 1});
        fill(parameters, name -> name);
        var content = new CheckpointContent(1, model, new TreeMap<>(), "", List.of());
        new CheckpointWriter(HADOOP, run.toString(), Ranks.alone()).write(content, CheckpointTensors.of(parameters));
    }

    private CheckpointReader open() {
        return CheckpointReader.open(HADOOP, run.toString(), OptionalLong.empty());
    }

    private static Stream<Parameter> all(Parameters parameters) {
        return Stream.of(parameters.dense(), parameters.experts()).flatMap(group -> group.parameters().stream());
    }

    private static void fill(Parameters parameters, Function<String, String> meaning) {
        all(parameters).forEach(parameter -> {
            TensorSpec spec = parameter.spec();
            for (int i = 0; i < spec.size(); i++) {
                parameter.value().set(i / spec.cols(), i % spec.cols(), number(meaning.apply(spec.name()), i));
            }
        });
    }

    private static void requireFilled(Parameters parameters, Function<String, String> meaning) {
        all(parameters).forEach(parameter -> {
            Matrix value = parameter.value();
            for (int i = 0; i < value.size(); i++) {
                assertThat(value.get(i / value.cols(), i % value.cols()))
                        .as(parameter.name())
                        .isEqualTo(number(meaning.apply(parameter.name()), i));
            }
        });
    }

    private static float number(String meaning, int i) {
        return meaning.hashCode() % 1000 * 31f + i;
    }
}
