package io.hashlayers.driver.gang;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import org.apache.spark.sql.SparkSession;

/**
 * A training run, from the dataset to the last checkpoint. If ranks are lost on the way, or the cluster cannot run them for a
 * while, it goes on behind its newest checkpoint by itself, after a pause and on the executors that there are then.
 */
public final class TrainingRun {
    private final SparkSession spark;
    private final TrainingRequest request;
    private final RunReporter reporter;
    private final Restarts restarts;

    private TrainingRun(SparkSession spark, TrainingRequest request, RunReporter reporter) {
        this.spark = spark;
        this.request = request;
        this.reporter = reporter;
        this.restarts = new Restarts(request.maxRestarts());
    }

    /**
     * Trains.
     *
     * <p>A run that was started before goes on behind its newest sound checkpoint; one that is finished is left as it is. Nothing
     * is left in the folder of a new run that fails before its ranks have met.
     *
     * @return what came of it, as the reporter heard
     * @throws TrainingException the first real failure of the last attempt, as the reporter heard
     */
    public static RunSummary run(SparkSession spark, TrainingRequest request, RunReporter reporter) {
        try {
            RunSummary summary = new TrainingRun(spark, request, reporter).untilDone();
            reporter.finished(summary);
            return summary;
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    /**
     * Does all that a run does before its ranks are started: checks the dataset, makes table and plan in the run's folder and
     * tells what they mean. The ranks need not be there: any number of them can be planned for.
     *
     * @return memory that the busiest process would need
     */
    public static MemoryPlan plan(SparkSession spark, TrainingRequest request, RunReporter reporter) {
        try {
            return new TrainingAttempt(spark, request, reporter, new Preparation()).plan();
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private RunSummary untilDone() {
        var progress = new LastCheckpoint(reporter);
        var preparation = new Preparation();
        TrainingRequest next = request;
        while (true) {
            try {
                return new TrainingAttempt(spark, next, progress, preparation)
                        .run()
                        .after(restarts.count());
            } catch (TrainingException e) {
                if (!progress.met() || spark.sparkContext().isStopped() || !restarts.allow(e, progress.step())) {
                    throw e;
                }
                Duration pause = restarts.pause();
                reporter.restarting(e, restarts.count(), pause);
                sleep(pause, e);
                next = request.with(Existing.GO_ON); // also where the first attempt began anew
            }
        }
    }

    private static void sleep(Duration pause, TrainingException cause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(
                    Failure.PEER_LOST, "interrupted before a restart after: " + cause.getMessage(), e);
        }
    }

    /** Notes how far the run is: what fails before its ranks met the first time does so again. */
    private static final class LastCheckpoint extends ForwardingReporter {
        private volatile boolean met;
        private volatile long step;

        LastCheckpoint(RunReporter next) {
            super(next);
        }

        @Override
        public void started(Gang gang) {
            met = true;
            super.started(gang);
        }

        @Override
        public void checkpoint(long saved, String path) {
            step = saved;
            super.checkpoint(saved, path);
        }

        boolean met() {
            return met;
        }

        long step() {
            return step;
        }
    }
}
