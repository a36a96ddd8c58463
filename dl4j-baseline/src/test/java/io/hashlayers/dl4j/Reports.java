package io.hashlayers.dl4j;

import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** Keeps the steps and evaluations that a run reports. */
final class Reports implements RunReporter {
    final List<StepMetrics> steps = new ArrayList<>();
    final List<EvaluationMetrics> evaluations = new ArrayList<>();

    @Override
    public synchronized void step(StepMetrics metrics) {
        steps.add(metrics);
    }

    @Override
    public synchronized void evaluation(EvaluationMetrics metrics) {
        evaluations.add(metrics);
    }

    @Override
    public void note(String sentence) {}

    @Override
    public void sharded(BalanceReport balance) {}

    @Override
    public void planned(RunPlan plan) {}

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {}

    @Override
    public void started(Gang gang) {}

    @Override
    public void checkpoint(long step, String path) {}

    @Override
    public void measured(MemoryPlan memory, List<Long> peakBytes) {}

    @Override
    public void failed(TrainingException failure) {}

    @Override
    public void finished(RunSummary summary) {}
}
