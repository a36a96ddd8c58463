package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Ranks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final Configuration HADOOP = new Configuration();
    private static final ModelConfig MODEL =
            new ModelConfig(11, 4, 2, 4, 6, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1));
    private static final SharedHash HASH = new SharedHash(byTable(3), List.of(1));

    /** A layer of whole experts and two of segments, by hashes of two tables each. */
    private static final ModelConfig SEGMENTED = new ModelConfig(
            11,
            4,
            3,
            4,
            6,
            2,
            Activation.GELU,
            0.1,
            new MixtureConfig(List.of(0, 1, 2), 5, 1, List.of(HashConfig.SUM, segments(), segments()), 0, 0));

    private static final List<SharedHash> HASHES = List.of(
            new SharedHash(byTable(3), List.of(0)),
            new SharedHash(new MultiHash(List.of(byTable(4), byTable(5))), List.of(1)),
            new SharedHash(new MultiHash(List.of(byTable(6), byTable(7))), List.of(2)));

    @TempDir
    Path run;

    @Test
    void anyNumberOfRanksReadsWhatAnyNumberWrote() {
        for (int writers : new int[] {1, 2, 7}) {
            long step = 10L + writers;
            write(step, writers);

            for (int readers : new int[] {1, 3, 6}) {
                Ranks.run(readers, collective -> {
                    RankState state = RankState.of(MODEL, collective, roundRobin(readers));
                    try (CheckpointReader reader = open(step)) {
                        state.tensors().readFrom(reader);
                    }
                    state.requireNumbered();
                    return state;
                });
            }
        }
    }

    @Test
    void segmentsOfExpertsAndTheirTablesAreReadByAnyNumberOfRanks() {
        write(SEGMENTED, HASHES, 1, 2, roundRobin(2));

        for (int readers : new int[] {1, 3}) {
            Ranks.run(readers, collective -> {
                RankState state = RankState.of(SEGMENTED, collective, roundRobin(readers));
                try (CheckpointReader reader = open(1)) {
                    assertThat(reader.hashes()).isEqualTo(HASHES);
                    assertThat(reader.names())
                            .contains("h.0.experts.4.up.bias", "h.2.experts.4.segments.1.down.weight");
                    state.tensors().readFrom(reader);
                }
                state.requireNumbered();
                return state;
            });
        }
    }

    @Test
    void tellsWhatItWasMadeOf() {
        String path = write(1000, 2);

        try (CheckpointReader reader = open(1000)) {
            assertThat(path).endsWith("/checkpoints/step-00001000");
            assertThat(reader.manifest().step()).isEqualTo(1000);
            assertThat(reader.manifest().model()).isEqualTo(MODEL);
            assertThat(reader.manifest().settings()).isEqualTo("model.dim = 4\n");
            assertThat(reader.manifest().digests()).containsEntry("tokenizer", "sha256:77");
            assertThat(reader.hashes()).containsExactly(HASH);
            assertThat(reader.names())
                    .contains("token_embedding.weight", "h.1.experts.4.down.bias", "h.1.experts.4.down.bias.exp_avg_sq")
                    .doesNotContain("h.1.ffn.up.weight");
        }
    }

    @Test
    void repeatedWritingGivesTheSameDigest() {
        write(5, 2);
        String first = open(5).manifest().digest();

        write(5, 2);

        assertThat(open(5).manifest().digest()).isEqualTo(first);
    }

    @Test
    void theNewestWholeCheckpointIsFound() throws IOException {
        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).isEmpty();
        write(9, 1);
        write(100, 1);
        write(20, 1);

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
        write(1, 2);

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
        write(1, 1);
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
        write(1, 2);

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
        write(1, 1);
        Parameters wider = Parameters.forEvaluation(
                new ModelConfig(11, 4, 2, 4, 8, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1)),
                layer -> new int[] {0});
        Parameters deeper = Parameters.forEvaluation(
                new ModelConfig(11, 4, 3, 4, 6, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1)),
                layer -> new int[] {0});

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
        int[][] experts = {{0, 1}, {2, 4}};

        assertThatThrownBy(() -> write(1, 2, rank -> experts[rank]))
                .rootCause()
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("no rank wrote the tensor h.1.experts.3.up.weight");
        assertThat(CheckpointReader.latestStep(HADOOP, run.toString())).isEmpty();
    }

    private String write(long step, int worldSize) {
        return write(step, worldSize, roundRobin(worldSize));
    }

    private String write(long step, int worldSize, IntFunction<int[]> expertsOfRank) {
        return write(MODEL, List.of(HASH), step, worldSize, expertsOfRank);
    }

    private String write(
            ModelConfig model, List<SharedHash> hashes, long step, int worldSize, IntFunction<int[]> expertsOfRank) {
        var content = new CheckpointContent(
                step, model, new TreeMap<>(Map.of("tokenizer", "sha256:77")), "model.dim = 4\n", hashes);
        List<String> paths = Ranks.run(worldSize, collective -> {
            RankState state = RankState.of(model, collective, expertsOfRank);
            state.number();
            return new CheckpointWriter(HADOOP, run.toString(), collective).write(content, state.tensors());
        });
        assertThat(paths).containsOnly(paths.get(0));
        return paths.get(0);
    }

    private static TokenHash byTable(long seed) {
        return new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(11, 5, 1, seed));
    }

    private static HashConfig segments() {
        return new HashConfig(HashConfig.Combine.SUM, 1, 2);
    }

    private static IntFunction<int[]> roundRobin(int worldSize) {
        return ExpertPlacement.roundRobin(MODEL.numExperts(), worldSize)::expertsOf;
    }

    private CheckpointReader open(long step) {
        return CheckpointReader.open(HADOOP, run.toString(), OptionalLong.of(step));
    }

    private void readAll() {
        try (CheckpointReader reader = open(1)) {
            reader.hashes();
            RankState.of(MODEL, Ranks.alone(), roundRobin(1)).tensors().readFrom(reader);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("checkpoints/step-00000001"))) {
            return files.sorted().toList();
        }
    }
}
