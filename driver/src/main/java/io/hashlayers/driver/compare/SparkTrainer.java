package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.TrainingRequest;
import io.hashlayers.driver.gang.TrainingRun;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.worker.train.RunConfig;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Trains in one Spark session. */
public final class SparkTrainer implements RunTrainer {
    private final SparkSession spark;
    private final RunReporter console;
    private final Distiller distiller;

    /** Makes a table of a learned router. */
    public interface Distiller {
        /**
         * Distils.
         *
         * @param run whose router it is
         * @param tableFile to be written
         */
        void distil(ResolvedRun run, String tableFile);
    }

    /**
     * @param console tells people of each run
     */
    public SparkTrainer(SparkSession spark, RunReporter console, Distiller distiller) {
        this.spark = spark;
        this.console = console;
        this.distiller = distiller;
    }

    @Override
    public Trained train(ResolvedRun run) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        RunConfig config =
                run.settings().run(run.folder(), run.dataset().manifest().vocabularySize());
        var request = new TrainingRequest(
                config, run.settings().ranks(), run.settings().render(), true);
        try (RunTracker tracker = RunTracker.of(config, hadoop, console)) {
            var reporter = new FactsReporter(tracker, config.train().accumulateBatches());
            RunSummary summary = TrainingRun.run(spark, request, reporter);
            return new Trained(summary, reporter.facts());
        }
    }

    @Override
    public void distil(ResolvedRun source, String tableFile) {
        distiller.distil(source, tableFile);
    }
}
