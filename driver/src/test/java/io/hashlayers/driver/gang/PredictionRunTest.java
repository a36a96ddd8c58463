package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.PredictedRows;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.train.Generator;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs whose hash reads what another model predicts. */
class PredictionRunTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int S = TinyRuns.SEQUENCE;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static TinyRuns runs;
    private static DatasetManifest dataset;
    private static Recorder two; // a run on two ranks by what "dense" predicts

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(2);
        runs = TinyRuns.in(dir, spark);
        dataset = DatasetManifest.read(
                HADOOP, new org.apache.hadoop.fs.Path(runs.dataset().toString()));
        writePredictor("dense", List.of(), 1);
        two = runs.train(reading("dense", "two"), 2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void predictsTheTokenThatGenerationWouldAdd() throws IOException {
        requireGenerated("dense", runs.folder("two") + "/predictions", "valid");
    }

    @Test
    void aPredictorMayHaveExperts() throws IOException {
        writePredictor("hashed", List.of(1), 2);
        runs.train(reading("hashed", "by-hashed"), 2);

        requireGenerated("hashed", runs.folder("by-hashed") + "/predictions", "valid");
    }

    /** Every row of the split, the last batch of which is not full. */
    private static void requireGenerated(String predictor, String predictions, String split) throws IOException {
        int[] tokens = new int[S];
        int[] predicted = new int[S];
        try (CheckpointReader checkpoint = CheckpointReader.open(HADOOP, runs.folder(predictor), OptionalLong.empty());
                TokenDataset rows = TokenDataset.open(HADOOP, runs.dataset().toString(), split, S);
                PredictedRows predictedRows = PredictedRows.open(HADOOP, predictions, dataset, split, S)) {
            Generator generator = Generator.load(checkpoint, "nd4j");
            Set<Integer> different = new HashSet<>();
            assertThat(predictedRows.rows()).isEqualTo(rows.rows()).isEqualTo(37);
            for (long row = 0; row < rows.rows(); row++) {
                rows.readRow(row, tokens, new int[S], 0);
                predictedRows.readRow(row, predicted, 0);
                for (int i = 0; i < S; i++) {
                    int[] next = generator.generate(Arrays.copyOf(tokens, i + 1), 1, 0, 0, 0, token -> false);
                    assertThat(predicted[i]).as("row %d, position %d", row, i).isEqualTo(next[0]);
                    different.add(next[0]);
                }
            }
            assertThat(different).hasSizeGreaterThan(10);
        }
    }

    @Test
    void lossesAreTheSameForAnyNumberOfRanksAndInAnEvaluation() {
        List<StepMetrics> alone = runs.train(reading("dense", "one"), 1).all(StepMetrics.class);

        for (int step = 0; step < TinyRuns.STEPS; step++) {
            double loss = alone.get(step).loss();
            assertThat(two.all(StepMetrics.class).get(step).loss()).isCloseTo(loss, within(1e-4 * loss));
        }
        double ofTraining = two.all(RunSummary.class).get(0).validPerplexity();
        for (int ranks : new int[] {1, 2, 2}) { // the last time with predictions that are there
            assertThat(runs.evaluate("two", ranks).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
        }
    }

    @Test
    void tellsWhichModelPredicts() {
        assertThat(two.all(String.class))
                .anyMatch(note -> note.startsWith("predicting the tokens of split train by file:")
                        && note.endsWith("/dense, step 8"));
        assertThat(two.all(Gang.class)).as("gangs that the user hears of").hasSize(1);
        PredictionManifest made = PredictionManifest.read(HADOOP, runs.folder("two") + "/predictions", "train");
        try (CheckpointReader dense = CheckpointReader.open(HADOOP, runs.folder("dense"), OptionalLong.empty());
                CheckpointReader trained = CheckpointReader.open(HADOOP, runs.folder("two"), OptionalLong.empty())) {
            assertThat(made.checkpointDigest())
                    .isEqualTo(dense.manifest().digest())
                    .isEqualTo(trained.manifest().digests().get("predictor"));
            assertThat(trained.hashes().get(0).hash().needsPrediction()).isTrue();
        }
        assertThat(made.rows()).isEqualTo(dataset.split("train").rows(S));
    }

    @Test
    void whatNeedsPredictionsGeneratesNothing() {
        try (CheckpointReader checkpoint = CheckpointReader.open(HADOOP, runs.folder("two"), OptionalLong.empty())) {
            assertThatThrownBy(() -> Generator.load(checkpoint, "nd4j"))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("(predicted-next); it can be evaluated, but not generate");
        }
    }

    @ParameterizedTest
    @CsvSource({"gone, which is not there any more", "changed, but that checkpoint has the digest"})
    void anEvaluationNeedsTheModelThatPredicted(String predictor, String sentence) throws IOException {
        writePredictor(predictor, List.of(), 3);
        runs.train(reading(predictor, "by-" + predictor), 1);
        delete(Path.of(runs.folder(predictor)));
        if (predictor.equals("changed")) {
            writePredictor(predictor, List.of(), 4);
        }

        assertThatThrownBy(() -> runs.evaluate("by-" + predictor, 1))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("routes by what step 8 of file:")
                .hasMessageContaining(sentence);
    }

    @Test
    void aModelThatCannotPredictIsRefusedBeforeAnythingIsWritten() throws IOException {
        RunConfig cheat = runs.config(
                "cheat",
                MixtureConfig.hash(List.of(1), 5, 1),
                TableConfig.of(TableConfig.Kind.RANDOM, 0, TokenFeature.ORACLE_NEXT, false));
        runs.train(cheat, 1);

        requireRefused(reading("cheat", "by-cheat"), Failure.USER, "routes by the next token itself (oracle-next)");
        requireRefused(reading("two", "by-two"), Failure.USER, "routes by the next token itself (predicted-next)");
        requireRefused(reading("nowhere", "by-nowhere"), Failure.DATA, "nowhere/checkpoints holds no whole checkpoint");
        RunConfig longer = reading("dense", "longer");
        requireRefused(
                longer.of(new ModelConfig(
                        TinyDataset.VOCABULARY,
                        16,
                        2,
                        8,
                        16,
                        2,
                        longer.model().activation(),
                        0,
                        longer.model().mixture())),
                Failure.USER,
                "model.context-length is 16 but the model in moe.predictions-from");
        Path other = dir.resolve("other");
        TinyDataset.write(other, 3000, 300, 1, "sha256:" + "1".repeat(64));
        requireRefused(
                longer.at(longer.runDir(), other.toString()), Failure.DATA, "was made with the tokenizer sha256:1111");
    }

    @Test
    void aRunCannotPredictForItself() {
        assertThatThrownBy(() -> TrainingRun.run(
                        spark, new TrainingRequest(reading("dense", "dense"), 1, "", Existing.REPLACE), new Recorder()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("moe.predictions-from is file:")
                .hasMessageContaining("the folder of the new run itself");
        assertThat(Path.of(runs.folder("dense"))).exists();
    }

    private static void requireRefused(RunConfig config, Failure failure, String sentence) {
        assertThatThrownBy(() -> runs.train(config, 1))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(failure))
                .hasMessageContaining(sentence);
        assertThat(Path.of(config.runDir())).doesNotExist();
    }

    /** Writes a checkpoint of random values, so that a model predicts many tokens and not the most frequent one alone. */
    private static void writePredictor(String run, List<Integer> sparse, long seed) {
        ModelConfig model = runs.config(
                        run, MixtureConfig.hash(sparse, 5, 1), TableConfig.of(TableConfig.Kind.BALANCED, 0))
                .model();
        Parameters parameters = Parameters.forTraining(model, layer -> new int[] {0, 1, 2, 3, 4});
        parameters.initialize(seed);
        var random = new SplittableRandom(seed);
        for (ParameterGroup group : List.of(parameters.dense(), parameters.experts())) {
            for (Parameter parameter : group.parameters()) {
                Matrix value = parameter.value();
                for (int i = 0; value.rows() > 1 && i < value.size(); i++) { // biases would decide alone
                    value.set(i / value.cols(), i % value.cols(), (float) random.nextDouble(-1, 1));
                }
            }
        }
        TokenHash hash =
                new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(TinyDataset.VOCABULARY, 5, 1, seed));
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        new CheckpointWriter(HADOOP, runs.folder(run), alone)
                .write(
                        new CheckpointContent(
                                8,
                                model,
                                new TreeMap<>(Map.of("tokenizer", dataset.tokenizerDigest())),
                                "",
                                sparse.isEmpty() ? List.of() : List.of(new SharedHash(hash, sparse))),
                        CheckpointTensors.of(parameters));
    }

    private static RunConfig reading(String predictor, String run) {
        TableConfig table = new TableConfig(
                TableConfig.Kind.BALANCED, 0, TokenFeature.PREDICTED_NEXT, false, "", "", runs.folder(predictor));
        return runs.config(run, MixtureConfig.hash(List.of(1), 5, 1), table);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
