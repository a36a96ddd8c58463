package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FineTuningRunTest {
    private static final int STEPS = 6;
    private static final List<Integer> SPARSE = List.of(1);
    private static final MixtureConfig DENSE = MixtureConfig.hash(List.of(), 5, 1);
    private static final MixtureConfig HASH = MixtureConfig.hash(SPARSE, 5, 1);

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static Recorder dense;
    private static Recorder hash;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(4);
        dataset("text", 1);
        dataset("other", 99);
        dense = train(config("dense", "text", DENSE, TuningConfig.NONE), 2);
        hash = train(config("hash", "text", HASH, TuningConfig.NONE), 2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static void dataset(String name, long seed) throws IOException {
        TinyDataset.write(dir.resolve(name), 3000, 300, seed);
        TinyDataset.writeFrequencies(spark, dir.resolve(name));
    }

    private static RunConfig config(String run, String dataset, MixtureConfig mixture, TuningConfig tuning) {
        return new RunConfig(
                dir.resolve(run).toString(),
                dir.resolve(dataset).toString(),
                new ModelConfig(TinyDataset.VOCABULARY, 8, 2, 8, 16, 2, Activation.GELU, 0, mixture),
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1e-2, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0.1, 1),
                new TrainConfig(STEPS, 12, 1, false, 3, 0, 0, 3, 30),
                "nd4j",
                tuning);
    }

    private static TuningConfig from(String run, String... frozen) {
        return new TuningConfig(dir.resolve(run).toString(), 0, true, new FrozenTensors(List.of(frozen)));
    }

    private static Recorder train(RunConfig config, int ranks) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, new TrainingRequest(config, ranks, "settings = 1\n", Existing.GO_ON), recorder);
        return recorder;
    }

    private static double perplexityBefore(Recorder run) {
        EvaluationMetrics first = run.all(EvaluationMetrics.class).get(0);
        assertThat(first.step()).isZero();
        assertThat(first.loads()).isEmpty();
        return first.perplexity();
    }

    private static double perplexityAfter(Recorder run) {
        return run.all(RunSummary.class).get(0).validPerplexity();
    }

    private static double firstLoss(Recorder run) {
        return run.all(StepMetrics.class).get(0).loss();
    }

    private static CheckpointReader checkpoint(String run) {
        return CheckpointReader.open(new Configuration(), dir.resolve(run).toString(), OptionalLong.empty());
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void aRunBeginsWithTheModelThatAnotherEndedWith(int ranks) {
        Recorder tuned = train(config("same-" + ranks, "text", HASH, from("hash")), ranks);

        double before = perplexityAfter(hash);
        assertThat(perplexityBefore(tuned)).isCloseTo(before, within(1e-5 * before));
        assertThat(perplexityAfter(tuned)).isLessThan(before);
        assertThat(tuned.all(StepMetrics.class)).hasSize(STEPS).first().satisfies(first -> assertThat(first.step())
                .isEqualTo(1));
        assertThat(tuned.all(String.class))
                .anyMatch(note -> note.contains("begins    with step 6 of") && note.contains("44 tensors are taken"));
    }

    @Test
    void aCheckpointCanBeChosenByItsStep() {
        TuningConfig third = new TuningConfig(dir.resolve("hash").toString(), 3, true, FrozenTensors.NONE);

        Recorder tuned = train(config("third", "text", HASH, third), 2);

        assertThat(perplexityBefore(tuned)).isGreaterThan(perplexityAfter(hash) * 1.001);
        TuningConfig fourth = new TuningConfig(dir.resolve("hash").toString(), 4, true, FrozenTensors.NONE);
        assertThatThrownBy(() -> train(config("fourth", "text", HASH, fourth), 2))
                .hasMessageContaining("holds no whole checkpoint of step 4; choose one of the steps [3, 6]");
        assertThat(dir.resolve("fourth")).doesNotExist();
    }

    @Test
    void theTablesOfTheCheckpointHoldOnOtherText() {
        Recorder tuned = train(config("kept", "other", HASH, from("hash")), 2);
        TuningConfig anew = new TuningConfig(dir.resolve("hash").toString(), 0, false, FrozenTensors.NONE);
        train(config("built", "other", HASH, anew), 2);

        assertThat(hashes("kept")).isEqualTo(hashes("hash"));
        assertThat(hashes("built")).isNotEqualTo(hashes("hash"));
        assertThat(tuned.all(String.class))
                .contains(
                        "begins    blocks [1]: the expert table of the checkpoint, which was made for the frequencies of"
                                + " its text");
        try (CheckpointReader saved = checkpoint("hash");
                CheckpointReader kept = checkpoint("kept")) {
            assertThat(kept.manifest().digests())
                    .containsEntry("from", saved.manifest().digest());
        }
    }

    private static List<SharedHash> hashes(String run) {
        try (CheckpointReader reader = checkpoint(run)) {
            return reader.hashes();
        }
    }

    /** Mixtures whose weights of a token's experts sum up to 1. */
    static Stream<Arguments> exactMixtures() {
        return Stream.of(
                Arguments.of("sum", new HashConfig(HashConfig.Combine.SUM, 1, 1), 1),
                Arguments.of("average", new HashConfig(HashConfig.Combine.AVERAGE, 1, 1), 3),
                Arguments.of("learned", new HashConfig(HashConfig.Combine.LEARNED, 1, 1), 2),
                Arguments.of("segments", new HashConfig(HashConfig.Combine.SUM, 1, 4), 1),
                Arguments.of("pairs", new SwitchConfig(5, 5, 0.01, 0, SwitchConfig.Reads.HIDDEN), 2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("exactMixtures")
    void upcyclingChangesNothingBeforeTheFirstStep(String name, RouterConfig router, int k) {
        Recorder same = train(config("dense-" + name, "other", DENSE, from("dense")), 2);
        MixtureConfig mixture = MixtureConfig.of(List.of(0, 1), 5, k, router);

        Recorder sparse = train(config("sparse-" + name, "other", mixture, from("dense")), 2);

        assertThat(perplexityBefore(sparse)).isCloseTo(perplexityBefore(same), within(1e-6 * perplexityBefore(same)));
        assertThat(firstLoss(sparse)).isCloseTo(firstLoss(same), within(1e-6 * firstLoss(same)));
        assertThat(perplexityAfter(sparse)).isNotEqualTo(perplexityAfter(same));
        assertThat(sparse.all(String.class)).contains("begins    block 1: 5 experts, each a copy of h.1.ffn");
    }

    @Test
    void aSumOfSeveralCopiesIsTold() {
        Recorder sums = train(config("sums", "other", MixtureConfig.hash(List.of(1), 5, 3), from("dense")), 1);

        assertThat(sums.all(String.class))
                .contains(
                        "begins    block 1: a token sums the answers of 3 copies; moe.combine = average begins as the dense model");
    }

    @Test
    void upcyclingWithGatesBeginsElsewhere() {
        MixtureConfig mixture = MixtureConfig.of(SPARSE, 4, 1, new BaseConfig(BaseConfig.Assignment.AUCTION, false));

        Recorder sparse = train(config("base", "text", mixture, from("dense")), 2);

        double dense = perplexityAfter(FineTuningRunTest.dense);
        assertThat(perplexityBefore(sparse))
                .isNotCloseTo(dense, within(1e-4 * dense))
                .isLessThan(2 * dense);
        assertThat(sparse.all(String.class)).contains("begins    with first values: h.1.router.weight");
    }

    @ParameterizedTest(name = "{0} frozen on {1} ranks")
    @CsvSource({"experts, 1", "experts, 3", "h.0.*, 2", "*embedding*, 3", "*.bias, 2"})
    void frozenTensorsAreThoseOfTheCheckpointToTheBit(String pattern, int ranks) {
        String run = "frozen-" + pattern.replaceAll("\\W", "") + ranks;
        Recorder tuned = train(config(run, "other", HASH, from("hash", pattern)), ranks);

        Predicate<String> frozen = new FrozenTensors(List.of(pattern)).names();
        try (CheckpointReader before = checkpoint("hash");
                CheckpointReader after = checkpoint(run)) {
            for (var file : after.manifest().files()) {
                file.tensors().stream()
                        .filter(tensor -> !tensor.name().contains("exp_avg"))
                        .forEach(tensor -> {
                            boolean same = Arrays.equals(
                                    values(before, tensor.name(), tensor.rows(), tensor.cols()),
                                    values(after, tensor.name(), tensor.rows(), tensor.cols()));
                            assertThat(same).as(tensor.name()).isEqualTo(frozen.test(tensor.name()));
                        });
            }
        }
        assertThat(tuned.all(String.class)).anyMatch(note -> note.startsWith("frozen ") && note.endsWith(pattern));
        assertThat(perplexityAfter(tuned)).isLessThan(perplexityBefore(tuned));
    }

    private static float[] values(CheckpointReader reader, String name, int rows, int cols) {
        Matrix matrix = Matrix.allocate(rows, cols);
        reader.read(name, matrix);
        float[] values = new float[rows * cols];
        matrix.copyTo(values);
        return values;
    }

    @Test
    void aDatasetOfAnotherTokenizerIsRefused() throws IOException {
        TinyDataset.write(dir.resolve("foreign"), 3000, 300, 1, "sha256:" + "1".repeat(64));

        assertRefused(Failure.DATA, config("of-foreign", "foreign", HASH, from("hash")))
                .hasMessageContaining("was made with the tokenizer sha256:1111")
                .hasMessageContaining("prepare.tokenizer");
    }

    @Test
    void whatCannotGoOnIsRefusedBeforeAnythingIsWritten() {
        assertRefused(Failure.USER, config("fewer", "text", MixtureConfig.hash(SPARSE, 4, 1), from("hash")))
                .hasMessageContaining("moe.num-experts is 4 but 5 in the checkpoint");
        assertRefused(Failure.USER, config("less", "text", DENSE, from("hash")))
                .hasMessageContaining("has experts in the blocks [1]");
        assertRefused(Failure.USER, config("all", "text", HASH, from("hash", "*")))
                .hasMessageContaining("train.freeze is [*]");
        assertRefused(Failure.USER, config("none", "text", HASH, from("hash", "routers")))
                .hasMessageContaining("train.freeze has \"routers\"");
        assertRefused(Failure.DATA, config("gone", "text", HASH, from("nowhere")))
                .hasMessageContaining("nowhere/checkpoints holds no whole checkpoint");
    }

    @Test
    void aRunIsNotBegunInTheFolderThatItBeginsWith() {
        RunConfig config = config("hash", "text", HASH, from("hash"));

        assertThatThrownBy(() ->
                        TrainingRun.run(spark, new TrainingRequest(config, 1, "", Existing.REPLACE), new Recorder()))
                .hasMessageContaining("the folder of the new run itself");
        assertThat(dir.resolve("hash/checkpoints")).isNotEmptyDirectory();
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertRefused(Failure kind, RunConfig config) {
        try {
            return assertThatThrownBy(() -> train(config, 2))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(kind));
        } finally {
            assertThat(Path.of(config.runDir())).doesNotExist();
        }
    }
}
