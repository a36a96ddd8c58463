package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.CheckpointConfig;
import io.hashlayers.worker.train.DivergenceConfig;
import io.hashlayers.worker.train.DivergenceConfig.Policy;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text that counts to four again and again, but for one sequence that is in the batch of one step. */
class DivergenceRunTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int SEQUENCE = 8;
    private static final int BATCH = 12;
    private static final int STEPS = 80;
    private static final int POISONED = 65; // step
    private static final int CHECKPOINT_EVERY = 20;
    private static final long SEED = 3;

    @TempDir
    static Path dir;

    private static SparkSession spark;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(2);
        int[] train = new int[STEPS * BATCH * SEQUENCE + 1];
        for (int i = 0; i < train.length; i++) {
            train[i] = 1 + i % 4;
        }
        long row = BatchSchedule.training(STEPS * BATCH, BATCH, SEED).row(POISONED - 1, 5);
        for (int i = 0; i < SEQUENCE; i++) {
            train[(int) row * SEQUENCE + i] = 40 + i * 5 % 7;
        }
        int[] valid = new int[100];
        for (int i = 0; i < valid.length; i++) {
            valid[i] = 1 + i % 4;
        }
        TinyDataset.write(dir.resolve("text"), train, valid);
        TinyDataset.writeFrequencies(spark, dir.resolve("text"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static RunConfig config(String run, double learningRate, DivergenceConfig divergence) {
        return new RunConfig(
                dir.resolve(run).toString(),
                dir.resolve("text").toString(),
                new ModelConfig(
                        TinyDataset.VOCABULARY,
                        SEQUENCE,
                        2,
                        8,
                        16,
                        2,
                        Activation.GELU,
                        0,
                        MixtureConfig.hash(List.of(1), 4, 1)),
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(learningRate, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(
                        STEPS,
                        BATCH,
                        1,
                        false,
                        SEED,
                        0,
                        0,
                        CheckpointConfig.every(CHECKPOINT_EVERY),
                        divergence,
                        30,
                        30),
                "vector");
    }

    private static Recorder train(String run, int ranks, DivergenceConfig divergence) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, request(config(run, 3e-2, divergence), ranks), recorder);
        return recorder;
    }

    private static TrainingRequest request(RunConfig config, int ranks) {
        return new TrainingRequest(config, ranks, "a = b\n", Existing.GO_ON);
    }

    private static TrainingException failure(RunConfig config, Recorder recorder) {
        return catchThrowableOfType(
                TrainingException.class, () -> TrainingRun.run(spark, request(config, 2), recorder));
    }

    /** Losses of the steps behind this one; of a step that was done twice the last. */
    private static List<Double> losses(Recorder recorder, long behind) {
        List<StepMetrics> last = new ArrayList<>();
        recorder.all(StepMetrics.class).forEach(step -> {
            last.removeIf(before -> before.step() == step.step());
            last.add(step);
        });
        return last.stream()
                .filter(step -> step.step() > behind)
                .map(StepMetrics::loss)
                .toList();
    }

    private static void deleteCheckpointsBehind(String run, long step) throws IOException {
        for (long each : CheckpointReader.steps(HADOOP, dir.resolve(run).toString())) {
            if (each > step) {
                Folder.of(HADOOP, dir.resolve(run).toString())
                        .folder("checkpoints")
                        .delete("step-%08d".formatted(each));
            }
        }
    }

    @Test
    void aRunAwayLossStopsTheRunAndTheCheckpointBeforeIsSafe() {
        Recorder recorder = new Recorder();

        TrainingException failure = failure(config("stop", 3e-2, new DivergenceConfig(Policy.STOP, 3, 10)), recorder);

        assertThat(failure.failure()).isEqualTo(Failure.DIVERGED);
        assertThat(failure.failure().exitCode()).isEqualTo(6);
        assertThat(failure)
                .hasMessageContaining("the loss of step 65 is ")
                .hasMessageContaining("more than train.divergence-factor = 3.0 times");
        assertThat(recorder.all(StepMetrics.class)).hasSize(POISONED - 1);
        assertThat(recorder.all(GangFailure.class))
                .extracting(GangFailure::step)
                .containsExactly((long) POISONED);
        assertThat(CheckpointReader.steps(HADOOP, dir.resolve("stop").toString()))
                .containsExactly(20L, 40L, 60L);
        assertThat(dir.resolve("stop/skipped.json")).doesNotExist();
    }

    @Test
    void theBatchIsLeftOutAndResumingThenIsTheSameOnAnyRanks() throws IOException {
        DivergenceConfig skip = new DivergenceConfig(Policy.SKIP, 3, 10);

        Recorder whole = train("skip", 2, skip);

        assertThat(whole.all(Recorder.Skipping.class))
                .extracting(Recorder.Skipping::step)
                .containsExactly((long) POISONED);
        assertThat(whole.all(Recorder.Resumed.class))
                .extracting(Recorder.Resumed::step)
                .containsExactly(60L);
        assertThat(whole.all(Recorder.Restart.class)).isEmpty();
        RunSummary summary = whole.all(RunSummary.class).get(0);
        assertThat(summary.skippedSteps()).containsExactly((long) POISONED);
        assertThat(summary.steps()).isEqualTo(STEPS);
        assertThat(summary.tokens()).isEqualTo((long) (STEPS - 1) * BATCH * SEQUENCE);
        assertThat(whole.all(StepMetrics.class).stream().map(StepMetrics::step).skip(POISONED - 1))
                .containsExactlyElementsOf(LongStream.rangeClosed(61, STEPS)
                        .filter(step -> step != POISONED)
                        .boxed()
                        .toList());
        List<Double> expected = losses(whole, 60);

        deleteCheckpointsBehind("skip", 60);
        Recorder resumed = train("skip", 2, skip);
        assertThat(resumed.all(Recorder.Skipping.class)).isEmpty();
        assertThat(losses(resumed, 60)).isEqualTo(expected);
        assertThat(resumed.all(RunSummary.class).get(0).validPerplexity()).isEqualTo(summary.validPerplexity());

        deleteCheckpointsBehind("skip", 60);
        List<Double> onOne = losses(train("skip", 1, DivergenceConfig.STOP), 60);
        assertThat(onOne).hasSameSizeAs(expected);
        for (int i = 0; i < onOne.size(); i++) {
            assertThat(onOne.get(i)).isCloseTo(expected.get(i), within(1e-4 * expected.get(i)));
        }

        Files.delete(dir.resolve("skip/skipped.json")); // the last checkpoint has it, too
        assertThat(train("skip", 2, skip).all(RunSummary.class).get(0).skippedSteps())
                .containsExactly((long) POISONED);
    }

    @Test
    void aRunThatDivergesWithEveryBatchEndsWhenNoMoreMayBeLeftOut() {
        Recorder recorder = new Recorder();

        TrainingException failure =
                failure(config("hopeless", 1e30, new DivergenceConfig(Policy.SKIP, 0, 2)), recorder);

        assertThat(failure.failure()).isEqualTo(Failure.DIVERGED);
        assertThat(failure).hasMessageContaining("2 steps were left out before, and train.max-skips allows no more");
        assertThat(recorder.all(Recorder.Skipping.class)).hasSize(2);
        assertThat(CheckpointReader.steps(HADOOP, dir.resolve("hopeless").toString()))
                .isEmpty();
    }

    @Test
    void valuesThatAreNotFiniteReachNoCheckpoint() {
        RunConfig config = config("overflow", 1e39, DivergenceConfig.STOP);
        TrainConfig every = new TrainConfig(
                STEPS, BATCH, 1, false, SEED, 0, 0, CheckpointConfig.every(1), DivergenceConfig.STOP, 30, 30);
        RunConfig eager = new RunConfig(
                config.runDir(),
                config.datasetDir(),
                config.model(),
                config.table(),
                config.optimizer(),
                every,
                config.kernels());

        TrainingException failure = failure(eager, new Recorder());

        assertThat(failure).hasMessageContaining("after step 1 there are values that are not finite");
        assertThat(CheckpointReader.steps(HADOOP, config.runDir())).isEmpty();
    }
}
