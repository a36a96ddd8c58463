package io.hashlayers.dl4j;

import io.hashlayers.driver.gang.DatasetCheck;
import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.RunFolder;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SharedPaths;
import io.hashlayers.driver.gang.UnigramModel;
import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A run of the baseline, from the dataset to the summary: checks as of our own runs, splits of steps, evaluations after the same
 * steps, reports of the same form. It writes no checkpoints.
 */
final class BaselineRun {
    private static final List<String> SPLITS = List.of(DatasetFiles.TRAIN, DatasetFiles.VALID);

    private final SparkSession spark;
    private final JavaSparkContext context;
    private final BaselineRequest request;
    private final RunConfig config;
    private final RunReporter reporter;
    private final RunFolder folder;
    private final DatasetManifest dataset;

    private BaselineRun(SparkSession spark, BaselineRequest request, RunReporter reporter) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        this.spark = spark;
        this.context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        this.request = request;
        this.config = SharedPaths.of(hadoop, request.config());
        this.reporter = reporter;
        this.folder = new RunFolder(hadoop, config.runDir());
        this.dataset = DatasetManifest.read(hadoop, new Path(config.datasetDir()));
    }

    /**
     * Trains.
     *
     * @return what came of it, as the reporter heard
     * @throws TrainingException the first failure, as the reporter heard
     */
    static RunSummary run(SparkSession spark, BaselineRequest request, RunReporter reporter) {
        try {
            RunSummary summary = new BaselineRun(spark, request, reporter).run();
            reporter.finished(summary);
            return summary;
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private RunSummary run() {
        DatasetCheck.requireRows(
                spark, config.datasetDir(), SPLITS, config.model().contextLength());
        folder.requireFree(request.overwrite());
        reporter.note("checking the dataset");
        DatasetCheck.requireWhole(spark, config.datasetDir(), dataset, SPLITS);
        Frequencies frequencies = Frequencies.read(context.hadoopConfiguration(), config.datasetDir());
        int workers = request.workersOn(context.defaultParallelism());
        var training = new AveragedTraining(context, config, workers, request.averagingFrequency());
        Gang gang = gang(workers);
        folder.create(request.settings());
        reporter.started(gang);
        return summary(training, train(training), frequencies, workers);
    }

    private Gang gang(int workers) {
        List<Integer> numbers = IntStream.range(0, workers).boxed().toList();
        List<String> hosts = context.parallelize(numbers, workers)
                .map(number -> SparkEnv.get().blockManager().blockManagerId().host())
                .collect();
        return new Gang(
                hosts,
                Collections.nCopies(
                        workers, "Deeplearning4j, averaging after " + request.averagingFrequency() + " steps"));
    }

    /** Returns the validation after the last step. */
    private EvaluationMetrics train(AveragedTraining training) {
        TrainConfig train = config.train();
        EvaluationMetrics validation = null;
        while (training.steps() < train.steps()) {
            training.fit(stepsToNext(training.steps())).forEach(reporter::step);
            if (due(training.steps())) {
                validation = evaluation(training.steps(), training.validationNats());
                reporter.evaluation(validation);
            }
        }
        return Objects.requireNonNull(validation, "the last step was not evaluated");
    }

    /** Steps until parameters are averaged: because it is time to, because of an evaluation, or at the end. */
    private int stepsToNext(long done) {
        long most = Math.min(request.averagingFrequency(), config.train().steps() - done);
        int count = 1;
        while (count < most && !due(done + count)) {
            count++;
        }
        return count;
    }

    private boolean due(long step) {
        TrainConfig train = config.train();
        return step == train.steps() || (train.evaluateEvery() > 0 && step % train.evaluateEvery() == 0);
    }

    private EvaluationMetrics evaluation(long step, double nats) {
        int length = config.model().contextLength();
        long rows = config.evaluationSchedule(dataset.split(DatasetFiles.VALID).rows(length))
                .rows();
        return new EvaluationMetrics(step, DatasetFiles.VALID, nats, rows * length, Double.NaN, List.of());
    }

    private RunSummary summary(
            AveragedTraining training, EvaluationMetrics validation, Frequencies frequencies, int workers) {
        double perplexity = validation.perplexity();
        double bytesPerToken = dataset.split(DatasetFiles.VALID).bytesPerToken();
        return new RunSummary(
                perplexity,
                Math.log(perplexity) / Math.log(2) / bytesPerToken,
                new UnigramModel(frequencies.train()).perplexity(frequencies.valid()),
                training.steps(),
                training.steps()
                        * config.train().batchSequences()
                        * config.model().contextLength(),
                training.tokensPerSecond(),
                workers,
                0,
                0,
                dataset.tokenizerDigest(),
                dataset.digest(),
                "none");
    }
}
