package io.hashlayers.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.TrainingRequest;
import io.hashlayers.driver.gang.TrainingRun;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.PrepareConfig;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.driver.track.SummaryFile;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Spark by Kryo on two slots, over a small text. */
class BaselineRunTest {
    private static final int VOCABULARY = 280;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static String dataset;

    @BeforeAll
    static void start() throws IOException {
        spark = BaselineSession.create(new SparkConf(false)
                .set("spark.master", "local[2]")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1"));
        Path text = dir.resolve("text.txt");
        Files.write(text, lines());
        dataset = dir.resolve("dataset").toString();
        Prepare.run(
                spark,
                new PrepareConfig(List.of(text.toString()), "lines", "text", VOCABULARY, "", 0.1, 0, 1, dataset, false),
                progress -> {});
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void oneWorkerDoesWhatOneRankOfOursDoes() {
        RunConfig config = config("ours", 9, 4);
        var ours = new Reports();
        TrainingRun.run(spark, new TrainingRequest(config, 1, "", false), ours);

        var theirs = new Reports();
        RunSummary summary = BaselineRun.run(spark, request("theirs", 9, 4, 1, 3), theirs);

        assertThat(ours.steps)
                .as("some steps are clipped and some not")
                .anyMatch(step -> step.gradientNorm() > SmallRun.CLIP_NORM)
                .anyMatch(step -> step.gradientNorm() < SmallRun.CLIP_NORM);
        assertThat(theirs.steps).extracting(StepMetrics::step).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        for (int i = 0; i < 9; i++) {
            StepMetrics step = theirs.steps.get(i);
            StepMetrics expected = ours.steps.get(i);
            assertThat(step.loss())
                    .as("loss of " + expected)
                    .isCloseTo(expected.loss(), within(1e-4 * expected.loss()));
            assertThat(step.gradientNorm())
                    .as("norm of " + expected)
                    .isCloseTo(expected.gradientNorm(), within(1e-3 * expected.gradientNorm()));
            assertThat(step.learningRate()).isEqualTo(expected.learningRate());
            assertThat(step.tokens()).isEqualTo(expected.tokens());
        }
        assertThat(theirs.steps.get(8).loss()).isLessThan(theirs.steps.get(0).loss() - 0.5);
        assertThat(theirs.evaluations).extracting(EvaluationMetrics::step).containsExactly(4L, 8L, 9L);
        for (int i = 0; i < 3; i++) {
            EvaluationMetrics expected = ours.evaluations.get(i);
            assertThat(theirs.evaluations.get(i).perplexity())
                    .isCloseTo(expected.perplexity(), within(1e-3 * expected.perplexity()));
            assertThat(theirs.evaluations.get(i).tokens()).isEqualTo(expected.tokens());
        }
        assertThat(summary.worldSize()).isEqualTo(1);
    }

    @Test
    void twoWorkersTrainOnTheirSharesOfEachBatchAndAreAveraged() throws IOException {
        RunConfig config = config("", 4, 0);
        var training = new AveragedTraining(context(), config, 2, 2);
        List<StepMetrics> steps = training.fit(2);

        List<MultiLayerNetwork> alone = new ArrayList<>();
        double[] loss = new double[2];
        try (var rows =
                TokenDataset.open(context().hadoopConfiguration(), dataset, DatasetFiles.TRAIN, SmallRun.CONTEXT)) {
            var schedule = config.trainingSchedule(rows.rows());
            for (int worker = 0; worker < 2; worker++) {
                MultiLayerNetwork network = DenseNetwork.forTraining(config);
                for (int step = 0; step < 2; step++) {
                    DataSet batch =
                            TokenBatches.read(rows, schedule.row(step, 2 * worker), schedule.row(step, 2 * worker + 1));
                    double nats = 2 * network.score(batch) - network.calcRegularizationScore(true);
                    loss[step] += nats / (SmallRun.BATCH * SmallRun.CONTEXT);
                    network.fit(batch);
                }
                alone.add(network);
            }
        }

        INDArray mean = alone.get(0).params().add(alone.get(1).params()).div(2);
        assertThat(training.network().params().sub(mean).normmaxNumber().doubleValue())
                .isLessThan(1e-6);
        INDArray moments = alone.get(0)
                .getUpdater()
                .getStateViewArray()
                .add(alone.get(1).getUpdater().getStateViewArray())
                .div(2);
        assertThat(training.network()
                        .getUpdater()
                        .getStateViewArray()
                        .sub(moments)
                        .normmaxNumber()
                        .doubleValue())
                .isLessThan(1e-6);
        assertThat(steps.get(0).loss()).isCloseTo(loss[0], within(1e-5));
        assertThat(steps.get(1).loss()).isCloseTo(loss[1], within(1e-5));
    }

    @Test
    void validationIsThatOfOurModelWithTheSameValues() throws IOException {
        RunConfig config = config("", 6, 0);
        var training = new AveragedTraining(context(), config, 2, 3);
        training.fit(3);
        training.fit(3);
        var ours = new OurModel(config.model(), 1, 0);
        ours.copyFrom(training.network());

        double nats = 0;
        int[] tokens = new int[SmallRun.CONTEXT];
        int[] targets = new int[SmallRun.CONTEXT];
        try (var rows =
                TokenDataset.open(context().hadoopConfiguration(), dataset, DatasetFiles.VALID, SmallRun.CONTEXT)) {
            for (long row = 0; row < SmallRun.EVALUATED; row++) {
                rows.readRow(row, tokens, targets, 0);
                nats += ours.loss(tokens, targets) * SmallRun.CONTEXT;
            }
        }
        assertThat(training.validationNats()).isCloseTo(nats, within(1e-4 * nats));
    }

    @Test
    void itsFilesAreThoseOfOurRuns() throws IOException {
        BaselineRequest request = request("files", 5, 2, 2, 5);
        RunSummary summary;
        try (RunTracker tracker = RunTracker.of(request.config(), context().hadoopConfiguration())) {
            summary = BaselineRun.run(spark, request, tracker);
        }

        Folder folder =
                Folder.of(context().hadoopConfiguration(), dir.resolve("files").toString());
        assertThat(SummaryFile.read(folder)).contains(summary);
        assertThat(summary.tokens()).isEqualTo(5L * SmallRun.BATCH * SmallRun.CONTEXT);
        assertThat(dir.resolve("files/run.conf")).hasContent("settings");
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(dir.resolve("files/metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        assertThat(lines.stream().filter(line -> line.has("loss"))).hasSize(5);
        assertThat(lines.stream().filter(line -> line.has("perplexity")).map(line -> line.get("step")
                        .asInt()))
                .containsExactly(2, 4, 5);
        assertThatThrownBy(() -> BaselineRun.run(spark, request, new Reports()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("already holds a run");
    }

    private static BaselineRequest request(
            String run, long steps, long evaluateEvery, int workers, int averagingFrequency) {
        return new BaselineRequest(config(run, steps, evaluateEvery), workers, averagingFrequency, "settings", false);
    }

    private static RunConfig config(String run, long steps, long evaluateEvery) {
        return SmallRun.run(
                dir.resolve(run).toString(),
                dataset,
                SmallRun.model(VOCABULARY, Activation.GELU),
                steps,
                evaluateEvery);
    }

    private static JavaSparkContext context() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext());
    }

    private static List<String> lines() {
        String[] words =
                "the a river stone bridge night wind over under sings falls waits and then again".split(" ", -1);
        var random = new SplittableRandom(1);
        List<String> lines = new ArrayList<>();
        for (int line = 0; line < 300; line++) {
            var text = new StringBuilder();
            for (int word = random.nextInt(4, 12); word > 0; word--) {
                text.append(words[random.nextInt(words.length)]).append(' ');
            }
            lines.add(text.toString().strip());
        }
        return lines;
    }
}
