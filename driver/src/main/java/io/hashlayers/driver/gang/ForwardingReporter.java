package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.time.Duration;
import java.util.List;

/** Tells another reporter everything; a subclass does something besides. */
public abstract class ForwardingReporter implements RunReporter {
    private final RunReporter next;

    protected ForwardingReporter(RunReporter next) {
        this.next = next;
    }

    @Override
    public void note(String sentence) {
        next.note(sentence);
    }

    @Override
    public void sharded(BalanceReport balance) {
        next.sharded(balance);
    }

    @Override
    public void planned(RunPlan plan) {
        next.planned(plan);
    }

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {
        next.sized(model, memory);
    }

    @Override
    public void resumed(long step) {
        next.resumed(step);
    }

    @Override
    public void started(Gang gang) {
        next.started(gang);
    }

    @Override
    public void step(StepMetrics metrics) {
        next.step(metrics);
    }

    @Override
    public void evaluation(EvaluationMetrics metrics) {
        next.evaluation(metrics);
    }

    @Override
    public void checkpoint(long step, String path) {
        next.checkpoint(step, path);
    }

    @Override
    public void measured(MemoryPlan memory, List<Long> peakBytes) {
        next.measured(memory, peakBytes);
    }

    @Override
    public void broke(GangFailure first) {
        next.broke(first);
    }

    @Override
    public void regrouped(int ranks, int asked) {
        next.regrouped(ranks, asked);
    }

    @Override
    public void skipping(TrainingException cause, long step, int number) {
        next.skipping(cause, step, number);
    }

    @Override
    public void restarting(TrainingException cause, int number, Duration pause) {
        next.restarting(cause, number, pause);
    }

    @Override
    public void failed(TrainingException failure) {
        next.failed(failure);
    }

    @Override
    public void finished(RunSummary summary) {
        next.finished(summary);
    }
}
