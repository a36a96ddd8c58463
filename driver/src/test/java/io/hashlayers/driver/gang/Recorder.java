package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Keeps everything that a run reports, in order. */
class Recorder implements RunReporter {
    record Peaks(List<Long> bytes) {}

    record Resumed(long step) {}

    record Regrouped(int ranks, int asked) {}

    record Skipping(TrainingException cause, long step, int number) {}

    record Restart(TrainingException cause, int number) {}

    final List<Object> events = new ArrayList<>();

    @Override
    public synchronized void note(String sentence) {
        events.add(sentence);
    }

    @Override
    public synchronized void sharded(BalanceReport balance) {
        events.add(balance);
    }

    @Override
    public synchronized void planned(RunPlan plan) {
        events.add(plan);
    }

    @Override
    public synchronized void sized(ModelConfig model, MemoryPlan memory) {
        events.add(memory);
    }

    @Override
    public synchronized void resumed(long step) {
        events.add(new Resumed(step));
    }

    @Override
    public synchronized void started(Gang gang) {
        events.add(gang);
    }

    @Override
    public synchronized void step(StepMetrics metrics) {
        events.add(metrics);
    }

    @Override
    public synchronized void evaluation(EvaluationMetrics metrics) {
        events.add(metrics);
    }

    @Override
    public synchronized void checkpoint(long step, String path) {
        events.add(path);
    }

    @Override
    public synchronized void measured(MemoryPlan memory, List<Long> peakBytes) {
        events.add(new Peaks(peakBytes));
    }

    @Override
    public synchronized void broke(GangFailure first) {
        events.add(first);
    }

    @Override
    public synchronized void regrouped(int ranks, int asked) {
        events.add(new Regrouped(ranks, asked));
    }

    @Override
    public synchronized void skipping(TrainingException cause, long step, int number) {
        events.add(new Skipping(cause, step, number));
    }

    @Override
    public synchronized void restarting(TrainingException cause, int number, Duration pause) {
        events.add(new Restart(cause, number));
    }

    @Override
    public synchronized void failed(TrainingException failure) {
        events.add(failure);
    }

    @Override
    public synchronized void finished(RunSummary summary) {
        events.add(summary);
    }

    final synchronized <T> List<T> all(Class<T> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
