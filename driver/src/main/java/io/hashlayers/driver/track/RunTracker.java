package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.ForwardingReporter;
import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.GangFailure;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;

/** Tells a training run to people and keeps its files. */
public final class RunTracker extends ForwardingReporter implements AutoCloseable {
    private final RunFiles files;

    RunTracker(RunReporter console, RunFiles files) {
        super(console);
        this.files = files;
    }

    /** For a run that is about to start. */
    public static RunTracker of(RunConfig config, Configuration hadoop) {
        return of(config, hadoop, ConsoleReporter.of(config));
    }

    /**
     * For a run that is about to start.
     *
     * @param console tells people
     */
    public static RunTracker of(RunConfig config, Configuration hadoop, RunReporter console) {
        return new RunTracker(
                console,
                new RunFiles(
                        hadoop,
                        config.runDir(),
                        Duration.ofSeconds(config.train().timeoutSeconds())));
    }

    @Override
    public void resumed(long step) {
        super.resumed(step);
        files.resumed(step);
    }

    @Override
    public void started(Gang gang) {
        super.started(gang);
        files.started();
    }

    @Override
    public void step(StepMetrics metrics) {
        files.step(metrics);
        super.step(metrics);
    }

    @Override
    public void evaluation(EvaluationMetrics metrics) {
        files.evaluation(metrics);
        super.evaluation(metrics);
    }

    @Override
    public void broke(GangFailure first) {
        files.broke(first);
        super.broke(first);
    }

    @Override
    public void regrouped(int ranks, int asked) {
        files.regrouped(ranks, asked);
        super.regrouped(ranks, asked);
    }

    @Override
    public void skipping(TrainingException cause, long step, int number) {
        files.skipping(cause, step);
        super.skipping(cause, step, number);
    }

    @Override
    public void checkpoint(long step, String path) {
        files.checkpoint();
        super.checkpoint(step, path);
    }

    @Override
    public void restarting(TrainingException cause, int number, Duration pause) {
        files.restarting(cause, number);
        super.restarting(cause, number, pause);
    }

    @Override
    public void failed(TrainingException failure) {
        try {
            files.close();
        } catch (TrainingException e) {
            failure.addSuppressed(e); // the first failure is the one that matters
        }
        super.failed(failure);
    }

    @Override
    public void finished(RunSummary summary) {
        files.finished(summary);
        super.finished(summary);
    }

    @Override
    public void close() {
        files.close();
    }
}
