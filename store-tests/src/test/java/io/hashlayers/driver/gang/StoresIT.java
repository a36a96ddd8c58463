package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.PrepareConfig;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest.FileEntry;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.Retention;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.train.CheckpointConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data, runs and checkpoints on stores that are not the local disk, against the same on the local disk. */
@Timeout(120)
class StoresIT {
    private static final int STEPS = 12;
    private static final int CHECKPOINT_EVERY = 3;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static Configuration hadoop;
    private static Path text;
    private static Recorder onLocalDisk;
    private static final Map<String, Store> STORES = new HashMap<>();

    @BeforeAll
    static void trainOnTheLocalDisk() throws IOException {
        spark = LocalSpark.start(2);
        hadoop = spark.sparkContext().hadoopConfiguration();
        text = Files.writeString(dir.resolve("text.txt"), text());
        for (String kind : List.of("hdfs", "s3a")) {
            Store store = Store.start(kind, dir.resolve(kind));
            store.configure(hadoop);
            STORES.put(kind, store);
            prepare(store.root());
        }
        prepare(dir.toString());
        onLocalDisk = train(dir.toString(), "run");
    }

    @AfterAll
    static void stop() {
        STORES.values().forEach(Store::close);
        spark.stop();
    }

    private static Store store(String kind) {
        return Objects.requireNonNull(STORES.get(kind));
    }

    private static String text() {
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder lines = new StringBuilder();
        for (int document = 0; document < 200; document++) {
            for (int word = 0; word < 12; word++) {
                lines.append(Integer.toString((int) (400 * Math.pow(random.nextDouble(), 3)), 36))
                        .append(' ');
            }
            lines.append('\n');
        }
        return lines.toString();
    }

    private static void prepare(String root) {
        Prepare.run(
                spark,
                new PrepareConfig(
                        List.of(text.toString()), "lines", "text", 300, "", 0.1, 0.1, 1, root + "/data", false),
                sentence -> {});
    }

    private static RunConfig config(String root, String run, int checkpointEvery, int keepLast) {
        int vocabulary = DatasetManifest.read(hadoop, new org.apache.hadoop.fs.Path(root, "data"))
                .vocabularySize();
        ModelConfig model =
                new ModelConfig(vocabulary, 8, 2, 8, 16, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1));
        return new RunConfig(
                root + "/" + run,
                root + "/data",
                model,
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1e-2, 2, OptimizerConfig.Schedule.COSINE, 0.1, 0.9, 0.99, 1e-8, 0.01, 1),
                new TrainConfig(
                        STEPS,
                        4,
                        1,
                        false,
                        3,
                        6,
                        0,
                        new CheckpointConfig(checkpointEvery, true, 60, new Retention(keepLast, 0, false)),
                        30),
                "vector");
    }

    private static Recorder train(String root, String run) {
        return train(config(root, run, CHECKPOINT_EVERY, 0), new Recorder());
    }

    private static Recorder train(RunConfig config, Recorder recorder) {
        TrainingRequest request = new TrainingRequest(config, 2, "a = b\n", Existing.GO_ON, 0, 1);
        try (RunTracker tracker = RunTracker.of(config, hadoop, recorder)) {
            TrainingRun.run(spark, request, tracker);
        }
        return recorder;
    }

    private static Folder checkpoint(String root, String run, long step) {
        return Folder.of(hadoop, root + "/" + run).folder("checkpoints").folder("step-%08d".formatted(step));
    }

    private static List<Double> losses(Recorder recorder) {
        return recorder.all(StepMetrics.class).stream().map(StepMetrics::loss).toList();
    }

    private static List<FileEntry> files(String root, String run, long step) {
        try (CheckpointReader reader = CheckpointReader.open(hadoop, root + "/" + run, OptionalLong.of(step))) {
            return reader.manifest().files();
        }
    }

    private static List<String> lines(String root, String run) throws IOException {
        byte[] file = Folder.of(hadoop, root + "/" + run).read("metrics.jsonl", 1 << 20);
        return new String(file, StandardCharsets.UTF_8).lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "s3a"})
    void aRunIsTheOneOfTheLocalDiskToTheBitAndGoesOnBehindItsLastSoundCheckpoint(String kind) throws IOException {
        String root = store(kind).root();
        assertThat(DatasetManifest.read(hadoop, new org.apache.hadoop.fs.Path(root, "data"))
                        .digest())
                .isEqualTo(DatasetManifest.read(hadoop, new org.apache.hadoop.fs.Path(dir.toString(), "data"))
                        .digest());

        Recorder whole = train(root, "run");

        assertThat(losses(whole)).isEqualTo(losses(onLocalDisk));
        assertThat(CheckpointReader.steps(hadoop, root + "/run")).containsExactly(3L, 6L, 9L, 12L);
        for (long step : List.of(3L, 6L, 9L, 12L)) {
            assertThat(files(root, "run", step)).as("step %d", step).isEqualTo(files(dir.toString(), "run", step));
        }
        assertThat(lines(root, "run")).hasSize(STEPS + 2);

        checkpoint(root, "run", 12).delete("manifest.json"); // as if it was interrupted
        Folder damaged = checkpoint(root, "run", 9);
        byte[] experts = damaged.read("experts-001.safetensors", 1 << 20);
        experts[experts.length - 5] ^= 1;
        damaged.write("experts-001.safetensors", experts);
        Folder.of(hadoop, root + "/run").delete("summary.json");
        Recorder rest = train(root, "run");

        assertThat(rest.all(String.class))
                .anyMatch(note -> note.startsWith("the checkpoint of step 9 is passed over: ")
                        && note.contains("experts-001.safetensors")
                        && note.contains("tensor h.1.experts."));
        assertThat(rest.all(Recorder.Resumed.class)).containsExactly(new Recorder.Resumed(6));
        assertThat(losses(rest)).isEqualTo(losses(onLocalDisk).subList(6, STEPS));
        assertThat(files(root, "run", 12)).isEqualTo(files(dir.toString(), "run", 12));
        assertThat(lines(root, "run")).hasSize(STEPS + 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "s3a"})
    void onlyTheCheckpointsThatAreToBeKeptAreLeft(String kind) throws IOException {
        String root = store(kind).root();

        train(config(root, "kept", 6, 1), new Recorder());

        assertThat(Folder.of(hadoop, root + "/kept").folder("checkpoints").list())
                .containsExactly("step-00000012");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "s3a"})
    void aFileIsThereWholeOrAsItWas(String kind) throws IOException {
        Folder folder = Folder.of(hadoop, store(kind).root() + "/files");
        folder.write("file", new byte[] {1});
        try (PendingFile pending = folder.create("file")) {
            pending.out().write(new byte[20 << 20]); // more than a client keeps in memory
            assertThat(folder.read("file", 10)).containsExactly(1);
        }
        assertThat(folder.read("file", 10)).containsExactly(1);
        assertThat(folder.list()).containsExactly("file");

        try (PendingFile pending = folder.create("file")) {
            pending.out().write(2);
            pending.commit();
        }
        assertThat(folder.read("file", 10)).containsExactly(2);
        assertThat(folder.list()).containsExactly("file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hdfs", "s3a"})
    void aStoreThatStopsEndsTheRunAndKeepsWhatIsThere(String kind) throws IOException {
        Store store = store(kind);
        RunConfig config =
                config(store.root(), "stopped", CHECKPOINT_EVERY, 0).at(store.root() + "/stopped", dir + "/data");
        Recorder stopping = new Recorder() {
            @Override
            public synchronized void checkpoint(long step, String path) {
                super.checkpoint(step, path);
                stop(store);
            }
        };

        assertThatThrownBy(() -> train(config, stopping))
                .isInstanceOfSatisfying(
                        TrainingException.class,
                        e -> assertThat(e.failure()).as(e.toString()).isEqualTo(Failure.RESOURCES))
                .hasMessageMatching(
                        "(?s)the (checkpoint|folder|run's folder) .* cannot be written: .*; make room or check .*");
        store.recover();

        Recorder rest = train(config, new Recorder());
        List<Long> steps = CheckpointReader.steps(hadoop, config.runDir());
        assertThat(steps).contains(3L, 12L);
        long behind = rest.all(Recorder.Resumed.class).get(0).step();
        assertThat(behind).isGreaterThanOrEqualTo(3);
        assertThat(losses(rest)).isEqualTo(losses(onLocalDisk).subList((int) behind, STEPS));
    }

    private static void stop(Store store) {
        try {
            store.fail();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
