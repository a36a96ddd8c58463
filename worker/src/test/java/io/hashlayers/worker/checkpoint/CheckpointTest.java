package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameter;
import io.hashlayers.worker.transformer.ParameterGroup;
import io.hashlayers.worker.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final Configuration HADOOP = new Configuration();
    private static final ModelConfig MODEL = new ModelConfig(11, 4, 2, 4, 6, 2, Activation.GELU, 0.1, List.of(1), 5, 1);
    private static final ExpertTable TABLE = ExpertTable.random(11, 5, 1, 3);

    @TempDir
    Path run;

    @Test
    void anyNumberOfRanksReadsWhatAnyNumberWrote() {
        for (int writers : new int[] {1, 2, 7}) {
            List<Parameters> written = ranks(writers, CheckpointTest::numbered);
            write(10 + writers, written);

            for (int readers : new int[] {1, 3, 6}) {
                List<Parameters> read = ranks(readers, parameters -> parameters);
                try (CheckpointReader reader = open(10 + writers)) {
                    read.forEach(parameters -> CheckpointTensors.of(parameters).readFrom(reader));
                }
                read.forEach(CheckpointTest::requireNumbered);
            }
        }
    }

    @Test
    void tellsWhatItWasMadeOf() {
        String path = write(1000, ranks(2, CheckpointTest::numbered));

        try (CheckpointReader reader = open(1000)) {
            assertThat(path).endsWith("/checkpoints/step-00001000");
            assertThat(reader.manifest().step()).isEqualTo(1000);
            assertThat(reader.manifest().model()).isEqualTo(MODEL);
            assertThat(reader.manifest().settings()).isEqualTo("model.dim = 4\n");
            assertThat(reader.manifest().digests()).containsEntry("tokenizer", "sha256:77");
            assertThat(reader.table()).contains(TABLE);
            assertThat(reader.names())
                    .contains("token_embedding.weight", "h.1.experts.4.down.bias", "h.1.experts.4.down.bias.exp_avg_sq")
                    .doesNotContain("h.1.ffn.up.weight");
        }
    }

    @Test
    void repeatedWritingGivesTheSameDigest() {
        List<Parameters> ranks = ranks(2, CheckpointTest::numbered);
        write(5, ranks);
        String first = open(5).manifest().digest();

        write(5, ranks);

        assertThat(open(5).manifest().digest()).isEqualTo(first);
    }

    @Test
    void theNewestWholeCheckpointIsFound() throws IOException {
        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).isEmpty();
        List<Parameters> ranks = ranks(1, CheckpointTest::numbered);
        write(9, ranks);
        write(100, ranks);
        write(20, ranks);

        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).hasValue(100);

        Files.delete(run.resolve("checkpoints/step-00000100/manifest.json"));
        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).hasValue(20);
        try (CheckpointReader newest = CheckpointReader.open(HADOOP, run.toString(), OptionalLong.empty())) {
            assertThat(newest.manifest().step()).isEqualTo(20);
        }
        assertThatThrownBy(() -> open(100))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("holds no whole checkpoint of step 100; choose one of the steps [9, 20]");
    }

    @Test
    void aRunWithoutCheckpointsSaysSo() {
        assertThatThrownBy(() -> CheckpointReader.open(HADOOP, run.toString(), OptionalLong.empty()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("/checkpoints holds no whole checkpoint");
    }

    @Test
    void aFlippedByteAnywhereIsRefusedAndItsFileNamed() throws IOException {
        write(1, ranks(2, CheckpointTest::numbered));

        for (Path file : files()) {
            byte[] good = Files.readAllBytes(file);
            for (int position = 0; position < good.length; position += 1 + good.length / 150) {
                byte[] bad = good.clone();
                bad[position] ^= 0x10;
                Files.write(file, bad);

                assertThatThrownBy(this::readAll)
                        .as(file.getFileName() + " byte " + position)
                        .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                                .isEqualTo(Failure.DATA))
                        .hasMessageContaining(file.getFileName().toString());
            }
            Files.write(file, good);
        }
        readAll();
    }

    @Test
    void aDamagedTensorIsNamed() throws IOException {
        write(1, ranks(1, CheckpointTest::numbered));
        Path file = run.resolve("checkpoints/step-00000001/experts-000.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(this::readAll)
                .hasMessageContaining("experts-000.safetensors")
                .hasMessageContaining("tensor h.1.experts.4.down.bias has checksum");
    }

    @Test
    void aTruncatedOrMissingFileIsRefused() throws IOException {
        write(1, ranks(2, CheckpointTest::numbered));

        for (Path file : files()) {
            byte[] good = Files.readAllBytes(file);
            for (int length : new int[] {0, 7, 8, good.length / 2, good.length - 1}) {
                Files.write(file, Arrays.copyOf(good, length));
                assertThatThrownBy(this::readAll)
                        .as("first %d bytes of %s", length, file)
                        .isInstanceOf(TrainingException.class)
                        .hasMessageContaining(file.getFileName().toString());
            }
            Files.delete(file);
            assertThatThrownBy(this::readAll).isInstanceOf(TrainingException.class);
            Files.write(file, good);
        }
    }

    @Test
    void anotherModelsCheckpointIsRefused() {
        write(1, ranks(1, CheckpointTest::numbered));
        Parameters wider = Parameters.forEvaluation(
                new ModelConfig(11, 4, 2, 4, 8, 2, Activation.GELU, 0.1, List.of(1), 5, 1), layer -> new int[] {0});
        Parameters deeper = Parameters.forEvaluation(
                new ModelConfig(11, 4, 3, 4, 6, 2, Activation.GELU, 0.1, List.of(1), 5, 1), layer -> new int[] {0});

        try (CheckpointReader reader = open(1)) {
            assertThatThrownBy(() -> CheckpointTensors.of(wider).readFrom(reader))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("h.0.ffn.up.weight is [4, 6] where the model needs [4, 8]");
            assertThatThrownBy(() -> CheckpointTensors.of(deeper).readFrom(reader))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("has no tensor h.2.");
        }
    }

    @Test
    void aModelWithAHoleIsNotPublished() {
        List<Parameters> ranks = List.of(
                numbered(Parameters.forTraining(MODEL, layer -> new int[] {0, 1})),
                numbered(Parameters.forTraining(MODEL, layer -> new int[] {2, 4})));

        assertThatThrownBy(() -> write(1, ranks))
                .rootCause()
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("no rank wrote the tensor h.1.experts.3.up.weight");
        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).isEmpty();
    }

    private String write(long step, List<Parameters> ranks) {
        var content = new CheckpointContent(
                step, MODEL, new TreeMap<>(Map.of("tokenizer", "sha256:77")), "model.dim = 4\n", Optional.of(TABLE));
        List<String> paths =
                Gathering.run(ranks.size(), collective -> new CheckpointWriter(HADOOP, run.toString(), collective)
                        .write(content, CheckpointTensors.of(ranks.get(collective.rank()))));
        assertThat(paths).containsOnly(paths.get(0));
        return paths.get(0);
    }

    private CheckpointReader open(long step) {
        return CheckpointReader.open(HADOOP, run.toString(), OptionalLong.of(step));
    }

    private void readAll() {
        try (CheckpointReader reader = open(1)) {
            reader.table();
            ranks(1, parameters -> parameters)
                    .forEach(parameters -> CheckpointTensors.of(parameters).readFrom(reader));
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("checkpoints/step-00000001"))) {
            return files.sorted().toList();
        }
    }

    private static List<Parameters> ranks(int worldSize, Function<Parameters, Parameters> fill) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(MODEL.numExperts(), worldSize);
        List<Parameters> ranks = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            int[] experts = placement.expertsOf(rank);
            ranks.add(fill.apply(Parameters.forTraining(MODEL, layer -> experts)));
        }
        return ranks;
    }

    /** Gives every element a number that its tensor's name and its place determine. */
    private static Parameters numbered(Parameters parameters) {
        each(parameters, (matrix, salt) -> {
            for (int i = 0; i < matrix.size(); i++) {
                matrix.set(i / matrix.cols(), i % matrix.cols(), salt * 31f + i);
            }
        });
        return parameters;
    }

    private static void requireNumbered(Parameters parameters) {
        each(parameters, (matrix, salt) -> {
            for (int i = 0; i < matrix.size(); i++) {
                assertThat(matrix.get(i / matrix.cols(), i % matrix.cols())).isEqualTo(salt * 31f + i);
            }
        });
    }

    private interface TensorVisitor {
        void visit(Matrix matrix, int salt);
    }

    private static void each(Parameters parameters, TensorVisitor visitor) {
        for (ParameterGroup group : List.of(parameters.dense(), parameters.experts())) {
            for (Parameter parameter : group.parameters()) {
                int salt = parameter.name().hashCode() % 1000;
                visitor.visit(parameter.value(), salt);
                visitor.visit(parameter.firstMoment(), salt + 1);
                visitor.visit(parameter.secondMoment(), salt + 2);
            }
        }
    }
}
