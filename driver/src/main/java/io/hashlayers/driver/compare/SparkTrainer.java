package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.DistillationRequest;
import io.hashlayers.driver.gang.DistillationRun;
import io.hashlayers.driver.gang.EvaluationRequest;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.TrainingRequest;
import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.driver.gang.TrainingRun;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Trains in one Spark session. */
public final class SparkTrainer implements RunTrainer {
    /** Read to distil a router: enough to meet each token of a dictionary many times. */
    private static final long DISTILLED_TOKENS = 1L << 24;

    private final SparkSession spark;
    private final int parallel;

    /**
     * @param parallel most runs at once
     */
    public SparkTrainer(SparkSession spark, int parallel) {
        this.spark = spark;
        this.parallel = parallel;
    }

    @Override
    public Trained train(ResolvedRun run, RunReporter reporter) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Settings settings = run.settings().completed(hadoop);
        RunConfig config = settings.run(run.folder(), run.dataset().manifest().vocabularySize());
        var request = new TrainingRequest(
                config,
                settings.ranks(),
                settings.leastRanks(),
                settings.render(),
                Existing.REPLACE,
                settings.maxRestarts(),
                parallel);
        try (RunTracker tracker = RunTracker.of(config, hadoop, reporter)) {
            var facts = new FactsReporter(tracker, config.train().accumulateBatches());
            RunSummary summary = TrainingRun.run(spark, request, facts);
            return new Trained(summary, facts.facts());
        }
    }

    @Override
    public boolean over() {
        return spark.sparkContext().isStopped();
    }

    /** Over the training split, or its first 16 million tokens. */
    @Override
    public void distil(ResolvedRun source, String tableFile, RunReporter reporter) {
        TrainConfig train = source.settings().train();
        var reading = new EvaluationRequest(
                source.folder(),
                OptionalLong.empty(),
                source.dataset().folder(),
                DatasetFiles.TRAIN,
                train.batchSequences(),
                train.accumulateBatches(),
                source.settings().ranks(),
                source.settings().kernels(),
                train.timeoutSeconds());
        long sequences =
                Math.max(1, DISTILLED_TOKENS / source.settings().model(1).contextLength());
        DistillationRun.run(spark, new DistillationRequest(reading, sequences, tableFile, true), reporter);
    }
}
