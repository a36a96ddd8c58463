package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.Moment;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ModelMemory;
import io.hashlayers.worker.transformer.Ranks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackgroundCheckpointTest {
    private static final Configuration HADOOP = HeldFileSystem.configuration();
    private static final ModelConfig MODEL =
            new ModelConfig(11, 4, 2, 4, 6, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1));
    private static final SharedHash HASH =
            new SharedHash(new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(11, 5, 1, 3)), List.of(1));

    @TempDir
    Path dir;

    @AfterEach
    void release() {
        HeldFileSystem.release();
        HeldFileSystem.hold("no file has this name");
    }

    private static CheckpointContent content(long step) {
        return new CheckpointContent(
                step, MODEL, new TreeMap<>(Map.of("dataset", "sha256:1")), "a = b\n", List.of(HASH));
    }

    private CheckpointWriter writer(String run, Collective collective, Duration timeout) {
        return new CheckpointWriter(
                HADOOP, "held://" + dir.resolve(run), collective, new Retention(2, 0, false), timeout);
    }

    private CheckpointWriter writer(String run, Collective collective) {
        return writer(run, collective, Duration.ofSeconds(30));
    }

    private static RankState state(Collective collective) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(MODEL.numExperts(), collective.worldSize());
        RankState state = RankState.of(MODEL, collective, placement::expertsOf);
        state.number();
        return state;
    }

    /** What steps do to all that a checkpoint holds. */
    private static void trainOn(RankState state) {
        state.values().forEach(value -> value.value().set(0, 0, -1));
        for (Moment moment : state.moments()) {
            moment.parameters().forEach(of -> of.gradientMemory().set(0, 0, -2));
            moment.scatter();
        }
    }

    private SortedMap<String, byte[]> files(String run, long step) {
        SortedMap<String, byte[]> content = new TreeMap<>();
        try (Stream<Path> files = Files.list(dir.resolve(run).resolve("checkpoints/step-%08d".formatted(step)))) {
            for (Path file : files.toList()) {
                content.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return content;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void itHoldsWhatWasThereWhenItBeganThoughTrainingGoesOn(int worldSize) {
        Ranks.run(worldSize, collective -> writer("foreground", collective)
                .write(content(7), state(collective).tensors()));
        HeldFileSystem.hold(".safetensors");

        Ranks.run(worldSize, collective -> {
            RankState state = state(collective);
            CheckpointSnapshot snapshot = new CheckpointSnapshot(state.tensors(), collective.rank());
            CheckpointWriter writer = writer("background", collective);
            snapshot.take();
            writer.begin(content(7), snapshot);
            trainOn(state);
            collective.allReduce(new double[1]); // all have trained on
            HeldFileSystem.release();
            writer.finish();
            return writer.writing();
        });

        SortedMap<String, byte[]> expected = files("foreground", 7);
        assertThat(files("background", 7)).containsOnlyKeys(expected.keySet());
        expected.forEach((name, bytes) ->
                assertThat(files("background", 7).get(name)).as(name).isEqualTo(bytes));
    }

    /** A run may go on behind a checkpoint because those after it are damaged. */
    @Test
    void theNewestStaysThoughOneOfALaterStepIsThere() {
        Collective alone = Ranks.alone();
        RankState state = state(alone);
        for (long step : new long[] {300, 200, 250}) {
            writer("behind", alone).write(content(step), state.tensors());
        }

        writer("behind", alone).write(content(260), state.tensors());

        assertThat(CheckpointReader.steps(HADOOP, "held://" + dir.resolve("behind")))
                .containsExactly(250L, 260L, 300L);
    }

    @Test
    void oneCopyServesManyCheckpoints() {
        Collective alone = Ranks.alone();
        RankState state = state(alone);
        CheckpointSnapshot snapshot = new CheckpointSnapshot(state.tensors(), 0);
        CheckpointWriter writer = writer("many", alone);
        long allocated = Matrix.allocatedBytes();
        for (long step = 1; step <= 4; step++) {
            snapshot.take();
            writer.begin(content(step), snapshot);
            writer.finish();
        }

        assertThat(Matrix.allocatedBytes()).isEqualTo(allocated);
        assertThat(CheckpointReader.steps(HADOOP, "held://" + dir.resolve("many")))
                .containsExactly(3L, 4L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theCopyTakesWhatIsPlanned(int rank) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(MODEL.numExperts(), 2);
        CheckpointTensors tensors = RankState.of(MODEL, Ranks.alone(), any -> placement.expertsOf(rank))
                .tensors();
        long before = Matrix.allocatedBytes();

        new CheckpointSnapshot(tensors, rank).take();

        assertThat(Matrix.allocatedBytes() - before).isEqualTo(planned(rank));
    }

    private static long planned(int rank) {
        int experts = ExpertPlacement.roundRobin(MODEL.numExperts(), 2).expertsOf(rank).length;
        return ModelMemory.training(MODEL, Activations.kept(4, 4), experts, rank, 2)
                .withSnapshot(MODEL, experts, rank)
                .snapshotBytes();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dense", "optimizer-experts-000-second", "expert-table-0", "manifest"})
    void whatEndsBeforeItsManifestNeverWas(String held) {
        Collective alone = Ranks.alone();
        RankState state = state(alone);
        CheckpointSnapshot snapshot = new CheckpointSnapshot(state.tensors(), 0);
        CheckpointWriter writer = writer("ended", alone);
        writer.write(content(1), state.tensors());
        HeldFileSystem.hold(held);
        snapshot.take();
        writer.begin(content(2), snapshot);
        boolean published = false;
        for (int i = 0; i < 2 && !published; i++) { // room was made; then what can be written was
            published = awaitOrEnd(writer);
        }

        writer.close();
        HeldFileSystem.release();

        assertThat(published).isFalse();
        assertThatThrownBy(writer::finish).isInstanceOf(TrainingException.class);
        assertThat(CheckpointReader.steps(HADOOP, "held://" + dir.resolve("ended")))
                .containsExactly(1L);
    }

    /** Goes on with the next stage when this one ends, if it does within half a second. */
    private static boolean awaitOrEnd(CheckpointWriter writer) {
        long end = System.nanoTime() + 500_000_000;
        while (System.nanoTime() < end) {
            if (writer.ready()) {
                return writer.advance();
            }
            Thread.onSpinWait();
        }
        return false;
    }

    @Test
    void aStorageThatHangsEndsTheRunInTime() {
        Collective alone = Ranks.alone();
        RankState state = state(alone);
        HeldFileSystem.hold("dense");

        assertThatThrownBy(() -> writer("hangs", alone, Duration.ofMillis(300)).write(content(1), state.tensors()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("step-00000001 was not written within 0 s")
                .hasMessageContaining("train.checkpoint-timeout-seconds");
    }

    @Test
    void aStorageThatRefusesIsToldAtTheNextStep() throws IOException {
        Collective alone = Ranks.alone();
        RankState state = state(alone);
        CheckpointSnapshot snapshot = new CheckpointSnapshot(state.tensors(), 0);
        CheckpointWriter writer = writer("refuses", alone);
        Files.createDirectories(dir.resolve("refuses"));
        Files.writeString(dir.resolve("refuses/checkpoints"), "a file where a folder should be");
        snapshot.take();
        writer.begin(content(1), snapshot);

        assertThatThrownBy(writer::finish)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("step-00000001 cannot be written: ");
    }
}
