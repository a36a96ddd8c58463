package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Tells a training run to people and keeps its files. */
public final class RunTracker implements RunReporter, AutoCloseable {
    private final RunReporter console;
    private final RunFiles files;

    RunTracker(RunReporter console, RunFiles files) {
        this.console = console;
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
        return new RunTracker(console, new RunFiles(hadoop, config.runDir()));
    }

    @Override
    public void note(String sentence) {
        console.note(sentence);
    }

    @Override
    public void sharded(BalanceReport balance) {
        console.sharded(balance);
    }

    @Override
    public void planned(RunPlan plan) {
        console.planned(plan);
    }

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {
        console.sized(model, memory);
    }

    @Override
    public void started(Gang gang) {
        console.started(gang);
        files.started();
    }

    @Override
    public void step(StepMetrics metrics) {
        files.step(metrics);
        console.step(metrics);
    }

    @Override
    public void evaluation(EvaluationMetrics metrics) {
        files.evaluation(metrics);
        console.evaluation(metrics);
    }

    @Override
    public void checkpoint(long step, String path) {
        console.checkpoint(step, path);
    }

    @Override
    public void measured(MemoryPlan memory, List<Long> peakBytes) {
        console.measured(memory, peakBytes);
    }

    @Override
    public void failed(TrainingException failure) {
        files.close();
        console.failed(failure);
    }

    @Override
    public void finished(RunSummary summary) {
        files.finished(summary);
        console.finished(summary);
    }

    @Override
    public void close() {
        files.close();
    }
}
