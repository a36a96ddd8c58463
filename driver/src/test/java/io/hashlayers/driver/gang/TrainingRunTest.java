package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingRunTest {
    private static final int STEPS = 8;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static Recorder finished; // a run on all four slots, without being told to

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(4);
        TinyDataset.write(dir.resolve("dataset"), 3000, 300, 1);
        TinyDataset.writeFrequencies(spark, dir.resolve("dataset"));
        finished = train("finished", 0);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void lossesAreTheSameForAnyNumberOfRanksAndBitIdenticalWhenRepeated() {
        List<StepMetrics> alone = train("one", 1).all(StepMetrics.class);
        List<StepMetrics> four = finished.all(StepMetrics.class);
        List<StepMetrics> again = train("again", 4).all(StepMetrics.class);

        assertThat(alone).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            double loss = alone.get(step).loss();
            assertThat(four.get(step).loss()).as("step " + (step + 1)).isCloseTo(loss, within(1e-4 * loss));
            assertThat(again.get(step).loss()).isEqualTo(four.get(step).loss());
        }
        assertThat(alone.get(STEPS - 1).loss()).isLessThan(alone.get(0).loss());
    }

    @Test
    void reportsEverythingInOrder() {
        List<String> kinds = finished.events.stream()
                .filter(event -> !(event instanceof String))
                .map(event -> event.getClass().getSimpleName())
                .toList();
        assertThat(kinds).startsWith("BalanceReport", "RunPlan", "MemoryPlan", "Gang", "StepMetrics");
        assertThat(kinds).endsWith("EvaluationMetrics", "Peaks", "RunSummary");
        assertThat(finished.all(StepMetrics.class))
                .extracting(StepMetrics::step)
                .isSorted()
                .hasSize(STEPS);
        assertThat(finished.all(EvaluationMetrics.class))
                .extracting(EvaluationMetrics::step)
                .containsExactly(3L, 6L, 8L);
        assertThat(finished.all(Gang.class).get(0).worldSize()).isEqualTo(4);
        assertThat(finished.all(String.class)).anyMatch(text -> text.endsWith("checkpoints/step-00000008"));
        RunSummary summary = finished.all(RunSummary.class).get(0);
        assertThat(summary.worldSize()).isEqualTo(4);
        assertThat(summary.steps()).isEqualTo(STEPS);
        assertThat(summary.unigramPerplexity()).isBetween(10.0, 50.0);
        assertThat(summary.validBitsPerByte())
                .isCloseTo(Math.log(summary.validPerplexity()) / Math.log(2) / 4, within(1e-9));
    }

    @Test
    void theFolderHoldsSettingsTablePlanAndCheckpoint() throws IOException {
        Path run = dir.resolve("finished");
        assertThat(Files.readString(run.resolve("run.conf"))).isEqualTo("settings = finished\n");
        assertThat(run.resolve("table/expert-table-0.bin")).exists();
        assertThat(run.resolve("plan/hash-0/manifest.json")).exists();
        try (CheckpointReader checkpoint =
                CheckpointReader.open(new Configuration(), run.toString(), OptionalLong.empty())) {
            assertThat(checkpoint.manifest().step()).isEqualTo(STEPS);
            assertThat(checkpoint.manifest().settings()).isEqualTo("settings = finished\n");
            assertThat(checkpoint.manifest().digests()).containsKeys("tokenizer", "dataset", "hash-0", "plan-0");
        }
        try (var files = Files.walk(run)) {
            assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
        }
    }

    @Test
    void aPlanAloneIsThatOfTheRunAndNeedsNoSlots() throws IOException {
        Recorder alone = new Recorder();
        TrainingRun.plan(spark, request(config("planned", List.of(1), 1e-3), 4), alone);
        Recorder many = new Recorder();
        TrainingRun.plan(spark, request(config("planned-12", List.of(1), 1e-3), 12), many); // of 4 slots

        assertThat(alone.all(RunPlan.class)).isEqualTo(finished.all(RunPlan.class));
        assertThat(alone.all(MemoryPlan.class)).isEqualTo(finished.all(MemoryPlan.class));
        assertThat(alone.all(Gang.class)).isEmpty();
        assertThat(dir.resolve("planned/plan/hash-0/manifest.json")).exists();
        assertThat(many.all(RunPlan.class).get(0).worldSize()).isEqualTo(12);
        assertThatThrownBy(
                        () -> TrainingRun.plan(spark, request(config("uneven", List.of(1), 1e-3), 5), new Recorder()))
                .hasMessageContaining("train.batch-sequences is 12, which 5 ranks cannot share evenly");
        assertThat(dir.resolve("uneven")).doesNotExist();
    }

    @Test
    void aDenseModelNeedsNoPlan() {
        Recorder recorder = new Recorder();

        TrainingRun.run(spark, request(config("dense", List.of(), 1e-3), 2), recorder);

        assertThat(recorder.all(RunPlan.class)).isEmpty();
        assertThat(dir.resolve("dense/plan")).doesNotExist();
        assertThat(recorder.all(RunSummary.class).get(0).tableDigest()).isEqualTo("none");
    }

    @ParameterizedTest(name = "sparse layers {0}, {1} ranks")
    @CsvSource({"'', 1", "'', 2", "1, 1", "1, 2"})
    void microBatchesLearnWhatTheWholeBatchDoes(String sparse, int ranks) {
        List<Integer> layers = sparse.isEmpty() ? List.of() : List.of(Integer.valueOf(sparse));
        String run = "of" + sparse + "-on" + ranks;
        Recorder whole = train(config(run + "-whole", layers, 1, false), ranks);
        Recorder parts = train(config(run + "-parts", layers, 3, false), ranks);

        assertThat(parts.all(StepMetrics.class)).hasSize(STEPS);
        for (int step = 0; step < STEPS; step++) {
            StepMetrics expected = whole.all(StepMetrics.class).get(step);
            StepMetrics actual = parts.all(StepMetrics.class).get(step);
            assertThat(actual.loss()).isCloseTo(expected.loss(), within(1e-4 * expected.loss()));
            assertThat(actual.gradientNorm())
                    .isCloseTo(expected.gradientNorm(), within(1e-3 * expected.gradientNorm()));
            assertThat(actual.maxVio()).isEqualTo(expected.maxVio()); // of counted rows
            assertThat(actual.tokens()).isEqualTo(expected.tokens());
        }
        RunSummary summary = parts.all(RunSummary.class).get(0);
        double perplexity = whole.all(RunSummary.class).get(0).validPerplexity();
        assertThat(summary.validPerplexity()).isCloseTo(perplexity, within(1e-4 * perplexity));
        assertThat(summary.tokens()).isEqualTo(STEPS * 12 * 8);
        assertThat(parts.all(MemoryPlan.class).get(0).model().keptBytes())
                .isLessThan(whole.all(MemoryPlan.class).get(0).model().keptBytes() / 2);
        assertThat(parts.all(RunPlan.class)).allSatisfy(plan -> {
            assertThat(plan.batchSequences()).isEqualTo(4);
            assertThat(plan.split("train").steps()).isEqualTo(3 * STEPS);
        });
    }

    @Test
    void recomputationChangesNothingButTheMemoryThatIsPlannedAndTaken() throws IOException {
        long start = Matrix.allocatedBytes();
        Recorder kept = train(config("kept", List.of(0, 1), 1, false), 2);
        long between = Matrix.allocatedBytes();
        Recorder recomputed = train(config("recomputed", List.of(0, 1), 1, true), 2);
        long end = Matrix.allocatedBytes();

        assertThat(recomputed.all(StepMetrics.class))
                .extracting(StepMetrics::loss)
                .isEqualTo(kept.all(StepMetrics.class).stream()
                        .map(StepMetrics::loss)
                        .toList());
        String tensors = "checkpoints/step-0000000" + STEPS + "/dense.safetensors";
        assertThat(dir.resolve("recomputed").resolve(tensors))
                .hasSameBinaryContentAs(dir.resolve("kept").resolve(tensors));
        long planned = kept.all(MemoryPlan.class).get(0).model().totalBytes()
                - recomputed.all(MemoryPlan.class).get(0).model().totalBytes();
        assertThat(planned).isPositive().isEqualTo(between - start - (end - between));
    }

    @Test
    void aRunThatDivergesSaysSoAndWhere() {
        Recorder recorder = new Recorder();
        TrainingRequest request = request(config("diverged", List.of(1), 1e30), 2);

        TrainingException failure =
                catchThrowableOfType(TrainingException.class, () -> TrainingRun.run(spark, request, recorder));

        assertThat(failure.failure()).isEqualTo(Failure.DIVERGED);
        assertThat(failure)
                .hasMessageContaining("optimizer.learning-rate")
                .hasMessageContaining("executor driver, after step");
        assertThat(recorder.all(TrainingException.class)).containsExactly(failure);
    }

    @Test
    void aRunIsNotOverwrittenUnlessAsked() throws IOException {
        Files.createDirectories(dir.resolve("twice/checkpoints"));
        Files.writeString(dir.resolve("twice/run.conf"), "settings = old");
        TrainingRequest overwrite =
                new TrainingRequest(config("twice", List.of(1), 1e-3), 1, "settings = new\n", Existing.REPLACE);
        TrainingRun.run(spark, overwrite, new Recorder());

        assertThat(dir.resolve("twice/run.conf")).hasContent("settings = new");
    }

    @Test
    void aCheckpointIsEvaluatedAsTheRunDidByAnyNumberOfRanks() {
        RunSummary summary = finished.all(RunSummary.class).get(0);

        for (int ranks : new int[] {1, 3}) {
            EvaluationSummary evaluation = evaluate(dir.resolve("dataset"), ranks, 1);
            assertThat(evaluation.perplexity())
                    .isCloseTo(summary.validPerplexity(), within(1e-5 * summary.validPerplexity()));
            assertThat(evaluation.bitsPerByte()).isCloseTo(summary.validBitsPerByte(), within(1e-5));
            assertThat(evaluation.unigramPerplexity()).hasValue(summary.unigramPerplexity());
            assertThat(evaluation.step()).isEqualTo(STEPS);
            assertThat(evaluation.tokens()).isEqualTo(37 * 8);
            assertThat(evaluation.worldSize()).isEqualTo(ranks);
        }
    }

    @Test
    void anEvaluationReadsAMicroBatchAtOnce() {
        EvaluationSummary evaluation = evaluate(dir.resolve("dataset"), 2, 3);

        double perplexity = finished.all(RunSummary.class).get(0).validPerplexity();
        assertThat(evaluation.perplexity()).isCloseTo(perplexity, within(1e-5 * perplexity));
        assertThat(evaluation.tokens()).isEqualTo(37 * 8);
        assertThatThrownBy(() -> evaluate(dir.resolve("dataset"), 3, 3))
                .hasMessageContaining("train.batch-sequences / train.accumulate-batches is 12 / 3 = 4, which 3 ranks");
    }

    @Test
    void aTextWithoutATrainingSplitHasNoUnigramPerplexity() throws IOException {
        Path text = dir.resolve("text");
        TinyDataset.write(text, 0, 300, 1);
        TinyDataset.writeFrequencies(spark, text);

        EvaluationSummary evaluation = evaluate(text, 1, 1);

        assertThat(evaluation.unigramPerplexity()).isEmpty();
        assertThat(evaluation.perplexity()).isGreaterThan(1);
    }

    @Test
    void aDatasetOfAnotherTokenizerIsRefused() throws IOException {
        Path other = dir.resolve("other-tokenizer");
        TinyDataset.write(other, 300, 300, 1, "sha256:" + "1".repeat(64));

        assertThatThrownBy(() -> evaluate(other, 1, 1))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("was made with the tokenizer sha256:1111");
    }

    private static EvaluationSummary evaluate(Path dataset, int ranks, int accumulateBatches) {
        var request = new EvaluationRequest(
                dir.resolve("finished").toString(),
                OptionalLong.empty(),
                dataset.toString(),
                "valid",
                12,
                accumulateBatches,
                ranks,
                "nd4j",
                30);
        return EvaluationRun.run(spark, request, new Recorder());
    }

    @Test
    void aFolderOfSomethingElseIsNeverDeleted() throws IOException {
        Path precious = dir.resolve("precious/thesis.txt");
        Files.createDirectories(precious.getParent());
        Files.writeString(precious, "years");
        TrainingRequest overwrite = new TrainingRequest(config("precious", List.of(1), 1e-3), 1, "", Existing.REPLACE);

        assertThatThrownBy(() -> TrainingRun.run(spark, overwrite, new Recorder()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("is not empty and holds no run");
        assertThat(precious).hasContent("years");
    }

    @Test
    void aFlippedByteInAShardIsNamedAndNothingIsWritten() throws IOException {
        Path damaged = dir.resolve("damaged");
        TinyDataset.write(damaged, 3000, 300, 1);
        TinyDataset.writeFrequencies(spark, damaged);
        Path shard = damaged.resolve("valid/tokens-00001.bin");
        byte[] bytes = Files.readAllBytes(shard);
        bytes[20] ^= 1;
        Files.write(shard, bytes);

        RunConfig config = config("of-damaged", damaged, List.of(1), 1e-3);
        assertThatThrownBy(() -> TrainingRun.run(spark, request(config, 2), new Recorder()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("valid/tokens-00001.bin is damaged");
        assertThat(dir.resolve("of-damaged")).doesNotExist();
    }

    @Test
    void aTextShorterThanOneSequenceIsRefused() throws IOException {
        Path small = dir.resolve("small");
        TinyDataset.write(small, 3000, 8, 1); // a sequence of 8 tokens needs the one after it

        RunConfig config = config("of-small", small, List.of(1), 1e-3);
        assertThatThrownBy(() -> TrainingRun.run(spark, request(config, 2), new Recorder()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("the valid split of")
                .hasMessageContaining("has 8 tokens");
        assertThat(dir.resolve("of-small")).doesNotExist();
    }

    @Test
    void aReporterThatFailsEndsTheRunWithItsOwnError() {
        Recorder full = new Recorder() {
            @Override
            public synchronized void step(StepMetrics metrics) {
                throw new TrainingException(Failure.RESOURCES, "no room for metrics.jsonl");
            }
        };

        assertThatThrownBy(() -> TrainingRun.run(spark, request(config("full", List.of(1), 1e-3), 2), full))
                .isInstanceOf(TrainingException.class)
                .hasMessage("no room for metrics.jsonl");
    }

    @Test
    void moreRanksThanSlotsAndRanksThatDoNotDivideAreRefused() {
        assertThatThrownBy(() -> train("many", 6))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("6 ranks asked for, 4 slots came within");
        assertThatThrownBy(() -> train("odd", 5))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining("train.batch-sequences is 12, which 5 ranks cannot share evenly");
        assertThat(dir.resolve("many")).doesNotExist();
    }

    private static Recorder train(String run, int ranks) {
        return train(config(run, List.of(1), 1e-3), ranks);
    }

    private static Recorder train(RunConfig config, int ranks) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, request(config, ranks), recorder);
        return recorder;
    }

    private static TrainingRequest request(RunConfig config, int ranks) {
        String name = Path.of(config.runDir()).getFileName().toString();
        return new TrainingRequest(config, ranks, "settings = " + name + "\n", Existing.GO_ON);
    }

    private static RunConfig config(String run, List<Integer> sparseLayers, double learningRate) {
        return config(run, dir.resolve("dataset"), sparseLayers, learningRate);
    }

    private static RunConfig config(String run, Path dataset, List<Integer> sparseLayers, double learningRate) {
        return config(run, dataset, sparseLayers, learningRate, 0, 1, false);
    }

    /** With dropout. */
    private static RunConfig config(String run, List<Integer> sparseLayers, int accumulateBatches, boolean recompute) {
        return config(run, dir.resolve("dataset"), sparseLayers, 1e-3, 0.2, accumulateBatches, recompute);
    }

    private static RunConfig config(
            String run,
            Path dataset,
            List<Integer> sparseLayers,
            double learningRate,
            double dropout,
            int accumulateBatches,
            boolean recompute) {
        return new RunConfig(
                dir.resolve(run).toString(),
                dataset.toString(),
                new ModelConfig(
                        TinyDataset.VOCABULARY,
                        8,
                        2,
                        8,
                        16,
                        2,
                        Activation.GELU,
                        dropout,
                        MixtureConfig.hash(sparseLayers, 5, 1)),
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(learningRate, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(STEPS, 12, accumulateBatches, recompute, 3, 3, 0, 0, 30),
                "nd4j");
    }
}
