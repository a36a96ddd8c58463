package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest.TensorEntry;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.Retention;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.CheckpointConfig;
import io.hashlayers.worker.train.DivergenceConfig;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs that end early and go on, against runs that nobody disturbed. */
class ResumeTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int STEPS = 12;
    private static final int CHECKPOINT_EVERY = 3;

    /** Models with dropout, jitter and a shuffle, so that all that is drawn must be drawn again alike. */
    private enum Model {
        DENSE,
        HASH,
        SWITCH,
        BASE,
        BASE_IN_GROUPS;

        MixtureConfig mixture() {
            return switch (this) {
                case DENSE -> MixtureConfig.of(List.of(), 1, 1, HashConfig.SUM);
                case HASH -> MixtureConfig.hash(List.of(1), 5, 2);
                case SWITCH -> of(new SwitchConfig(1.25, 2, 0.01, 0.1, SwitchConfig.Reads.HIDDEN));
                case BASE -> of(new BaseConfig(BaseConfig.Assignment.AUCTION, true));
                case BASE_IN_GROUPS -> of(new BaseConfig(BaseConfig.Assignment.AUCTION, true, 4));
            };
        }

        private static MixtureConfig of(RouterConfig router) {
            return MixtureConfig.of(List.of(1, 2), 4, 1, router);
        }
    }

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static TinyRuns runs;
    private static final Map<String, Recorder> UNDISTURBED = new HashMap<>();

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(4);
        runs = TinyRuns.in(dir, spark);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static RunConfig config(String run, Model of) {
        return config(run, of, Retention.ALL);
    }

    private static RunConfig config(String run, Model of, Retention retention) {
        ModelConfig model = new ModelConfig(
                TinyDataset.VOCABULARY, TinyRuns.SEQUENCE, 3, 8, 16, 2, Activation.GELU, 0.1, of.mixture());
        return new RunConfig(
                runs.folder(run),
                runs.dataset().toString(),
                model,
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1e-2, 2, OptimizerConfig.Schedule.COSINE, 0.1, 0.9, 0.99, 1e-8, 0.01, 1),
                new TrainConfig(
                        STEPS,
                        TinyRuns.BATCH,
                        1,
                        false,
                        3,
                        4,
                        0,
                        new CheckpointConfig(CHECKPOINT_EVERY, true, 60, retention),
                        DivergenceConfig.STOP,
                        30,
                        30),
                "vector");
    }

    private static TrainingRequest request(String run, Model model, int ranks) {
        return new TrainingRequest(config(run, model), ranks, "model = " + model + "\n", Existing.GO_ON);
    }

    private static Recorder train(String run, Model model, int ranks) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, request(run, model, ranks), recorder);
        return recorder;
    }

    private static Recorder undisturbed(Model model, int ranks) {
        return UNDISTURBED.computeIfAbsent(model + "-" + ranks, run -> train("undisturbed-" + run, model, ranks));
    }

    /** Leaves a run as one that ended after this step and before the next checkpoint. */
    private static void trainUntil(long step, String run, Model model, int ranks) {
        train(run, model, ranks);
        for (long checkpoint = CHECKPOINT_EVERY; checkpoint <= STEPS; checkpoint += CHECKPOINT_EVERY) {
            if (checkpoint > step) {
                deleteCheckpoint(run, checkpoint);
            }
        }
    }

    private static void deleteCheckpoint(String run, long step) {
        try {
            Folder.of(HADOOP, runs.folder(run)).folder("checkpoints").delete("step-%08d".formatted(step));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long resumedBehind(Recorder recorder) {
        return recorder.all(Recorder.Resumed.class).get(0).step();
    }

    private static List<Double> losses(Recorder recorder, long behind) {
        return recorder.all(StepMetrics.class).stream()
                .filter(step -> step.step() > behind)
                .map(StepMetrics::loss)
                .toList();
    }

    /** Checksums of all tensors of the last checkpoint, moments among them. */
    private static SortedMap<String, String> checksums(String run) {
        try (CheckpointReader reader = CheckpointReader.open(HADOOP, runs.folder(run), OptionalLong.of(STEPS))) {
            SortedMap<String, String> checksums = new TreeMap<>();
            reader.manifest().files().forEach(file -> {
                for (TensorEntry tensor : file.tensors()) {
                    checksums.put(tensor.name(), tensor.crc32c());
                }
            });
            return checksums;
        }
    }

    @ParameterizedTest
    @EnumSource
    void onTheSameRanksNothingTellsThatARunWasDisturbed(Model model) {
        Recorder whole = undisturbed(model, 2);
        String run = "disturbed-" + model;
        trainUntil(7, run, model, 2);

        Recorder rest = train(run, model, 2);

        long behind = resumedBehind(rest);
        assertThat(behind).isEqualTo(6);
        assertThat(losses(rest, 0)).isEqualTo(losses(whole, behind));
        assertThat(checksums(run)).isEqualTo(checksums("undisturbed-" + model + "-2"));
        List<EvaluationMetrics> evaluations = rest.all(EvaluationMetrics.class);
        assertThat(evaluations.get(evaluations.size() - 1).loads())
                .isEqualTo(whole.all(EvaluationMetrics.class).get(2).loads());
        RunSummary summary = rest.all(RunSummary.class).get(0);
        RunSummary expected = whole.all(RunSummary.class).get(0);
        assertThat(summary.validPerplexity()).isEqualTo(expected.validPerplexity());
        assertThat(summary.maxVio()).isEqualTo(expected.maxVio());
        assertThat(summary.tokens()).isEqualTo(expected.tokens());
    }

    @ParameterizedTest
    @EnumSource(names = "BASE", mode = EnumSource.Mode.EXCLUDE)
    void onOtherRanksItIsTheSameCurve(Model model) {
        List<Double> whole = losses(undisturbed(model, 2), 0);
        String run = "ranks-" + model;
        trainUntil(4, run, model, 2);
        trainUntil(7, run, model, 1);
        trainUntil(10, run, model, 4);

        Recorder rest = train(run, model, 2);

        List<Double> losses = losses(rest, 0);
        int behind = (int) resumedBehind(rest);
        assertThat(losses).hasSize(STEPS - behind);
        for (int i = 0; i < losses.size(); i++) {
            double expected = whole.get(behind + i);
            assertThat(losses.get(i)).as("step %d", behind + i + 1).isCloseTo(expected, within(1e-4 * expected));
        }
    }

    @Test
    void aFinishedRunIsLeftAsItIs() throws IOException {
        RunSummary summary =
                train("finished", Model.HASH, 2).all(RunSummary.class).get(0);
        SummaryFile.write(Folder.of(HADOOP, runs.folder("finished")), summary);
        byte[] manifest = Files.readAllBytes(manifest("finished", STEPS));
        Recorder again = train("finished", Model.HASH, 2);

        assertThat(again.all(String.class))
                .anyMatch(note -> note.startsWith("finished  before: the run in ") && note.contains("nothing is left"));
        assertThat(again.all(Gang.class)).isEmpty();
        assertThat(again.all(RunSummary.class)).containsExactly(summary);
        assertThat(Files.readAllBytes(manifest("finished", STEPS))).isEqualTo(manifest);
    }

    private static Path manifest(String run, long step) {
        return dir.resolve(run).resolve("checkpoints/step-%08d/manifest.json".formatted(step));
    }

    @Test
    void aDamagedCheckpointIsNamedAndTheOneBeforeIsUsed() throws IOException {
        trainUntil(10, "damaged", Model.HASH, 2);
        Path newest = manifest("damaged", 9).resolveSibling("experts-001.safetensors");
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length - 5] ^= 1;
        Files.write(newest, bytes);

        Recorder rest = train("damaged", Model.HASH, 2);

        assertThat(rest.all(String.class))
                .anyMatch(note -> note.startsWith("the checkpoint of step 9 is passed over: ")
                        && note.contains("experts-001.safetensors")
                        && note.contains("tensor h.1.experts."));
        assertThat(resumedBehind(rest)).isEqualTo(6);
        assertThat(losses(rest, 0)).isEqualTo(losses(undisturbed(Model.HASH, 2), 6));
        assertThat(checksums("damaged")).isEqualTo(checksums("undisturbed-HASH-2"));
    }

    @Test
    void withoutAnySoundCheckpointNothingIsThrownAway() throws IOException {
        trainUntil(4, "hopeless", Model.HASH, 2);
        Files.writeString(manifest("hopeless", 3), "{}");

        assertThatThrownBy(() -> train("hopeless", Model.HASH, 2))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("no checkpoint of ")
                .hasMessageContaining("manifest.json")
                .hasMessageContaining("--overwrite");
        assertThat(manifest("hopeless", 3)).exists();
    }

    @Test
    void onlyTheCheckpointsThatAreToBeKeptAreLeft() {
        RunConfig config = config("kept", Model.SWITCH, new Retention(1, 6, false));
        TrainingRun.run(spark, new TrainingRequest(config, 2, "a = b\n", Existing.GO_ON), new Recorder());

        assertThat(CheckpointReader.steps(HADOOP, config.runDir())).containsExactly(6L, 12L);
        assertThat(dir.resolve("kept/checkpoints").toFile().list()).hasSize(2);
    }

    @Test
    void aRunWithoutCheckpointBeginsAgain() {
        trainUntil(2, "early", Model.HASH, 2);

        Recorder all = train("early", Model.HASH, 2);

        assertThat(all.all(Recorder.Resumed.class)).isEmpty();
        assertThat(losses(all, 0)).isEqualTo(losses(undisturbed(Model.HASH, 2), 0));
    }

    @Test
    void anotherRunOrTextIsRefused() throws IOException {
        trainUntil(4, "mine", Model.HASH, 2);
        TrainingRequest others = new TrainingRequest(config("mine", Model.HASH), 2, "model = other\n", Existing.GO_ON);
        assertThatThrownBy(() -> TrainingRun.run(spark, others, new Recorder()))
                .hasMessageContaining("holds a run of other settings: model was \"HASH\" and is \"other\"");

        TinyDataset.write(dir.resolve("other-text"), 3000, 300, 2);
        TinyDataset.writeFrequencies(spark, dir.resolve("other-text"));
        RunConfig config = config("mine", Model.HASH)
                .at(runs.folder("mine"), dir.resolve("other-text").toString());
        TrainingRequest onOtherText = new TrainingRequest(config, 2, "model = HASH\n", Existing.GO_ON);
        assertThatThrownBy(() -> TrainingRun.run(spark, onOtherText, new Recorder()))
                .hasMessageContaining("other-text has the digest ")
                .hasMessageContaining("began with ");
        assertThat(manifest("mine", 3)).exists();
    }
}
