package io.hashlayers.driver.gang;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.SkippedSteps;
import io.hashlayers.worker.train.DivergenceConfig;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

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
        SparkContext context = spark.sparkContext();
        Preflight.requireSettings(context.conf());
        PreflightScreen.of(
                        context.conf(),
                        Slots.of(context).now(),
                        request.ranks(),
                        request.config().train())
                .forEach(reporter::note);
        var progress = new LastCheckpoint(reporter);
        var preparation = new Preparation();
        TrainingRequest next = request;
        while (true) {
            try {
                return new TrainingAttempt(spark, next, progress, preparation)
                        .run()
                        .after(restarts.count(), progress.fewestRanks());
            } catch (MoreRanks e) {
                // nothing failed: the next attempt finds room for more
            } catch (TrainingException e) {
                prepareToGoOn(e, progress);
            }
            next = request.with(Existing.GO_ON); // also where the first attempt began anew
        }
    }

    /** Waits until the run may be started again, or throws the failure if it may not. */
    private void prepareToGoOn(TrainingException e, LastCheckpoint progress) {
        if (!progress.met() || spark.sparkContext().isStopped()) {
            throw e;
        }
        if (e.failure() == Failure.DIVERGED) {
            skip(progress.broken(), e);
        } else if (restarts.allow(e, progress.step())) {
            Duration pause = restarts.pause();
            reporter.restarting(e, restarts.count(), pause);
            sleep(pause, e);
        } else {
            throw e;
        }
    }

    /** Leaves out the batch with which the run diverged, from its next attempt on, or throws the failure if it may not. */
    private void skip(@Nullable GangFailure broken, TrainingException failure) {
        DivergenceConfig divergence = request.config().train().divergence();
        if (divergence.policy() != DivergenceConfig.Policy.SKIP || broken == null || broken.step() == 0) {
            throw failure;
        }
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        RunFolder folder =
                new RunFolder(hadoop, SharedPaths.of(hadoop, request.config()).runDir());
        SkippedSteps before = folder.skipped();
        if (before.steps().size() >= divergence.maxSkips()) {
            throw new TrainingException(
                    Failure.DIVERGED,
                    "%s; %d steps were left out before, and train.max-skips allows no more"
                            .formatted(failure.getMessage(), before.steps().size()),
                    failure);
        }
        if (before.steps().stream().anyMatch(skip -> skip.step() == broken.step())) {
            throw failure; // without that batch it is the same
        }
        folder.skip(before.and(broken.step(), broken.cause()));
        reporter.skipping(failure, broken.step(), before.steps().size() + 1);
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
        private volatile int fewestRanks = Integer.MAX_VALUE;
        private volatile @Nullable GangFailure broken;

        LastCheckpoint(RunReporter next) {
            super(next);
        }

        @Override
        public void started(Gang gang) {
            met = true;
            fewestRanks = Math.min(fewestRanks, gang.worldSize());
            super.started(gang);
        }

        @Override
        public void checkpoint(long saved, String path) {
            step = saved;
            super.checkpoint(saved, path);
        }

        @Override
        public void broke(GangFailure first) {
            broken = first;
            super.broke(first);
        }

        /** The last failure of a gang; null if there was none. */
        @Nullable
        GangFailure broken() {
            return broken;
        }

        /** Of any gang so far. */
        int fewestRanks() {
            return fewestRanks;
        }

        boolean met() {
            return met;
        }

        long step() {
            return step;
        }
    }
}
