package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;

/** Notes the facts of a run as it is told of them, and tells another reporter everything. */
final class FactsReporter implements RunReporter {
    private static final double UNKNOWN = -1;

    private final RunReporter next;
    private final int microBatches;
    private List<Long> expertLoads = List.of();
    private double exchangedBytes = UNKNOWN;
    private List<String> hosts = List.of();
    private List<String> kernels = List.of();

    /**
     * @param microBatches of a step; a plan counts for each of them
     */
    FactsReporter(RunReporter next, int microBatches) {
        this.next = next;
        this.microBatches = microBatches;
    }

    RunFacts facts() {
        return new RunFacts(expertLoads, exchangedBytes, hosts, kernels);
    }

    @Override
    public void note(String sentence) {
        next.note(sentence);
    }

    @Override
    public void sharded(BalanceReport balance) {
        expertLoads = balance.expertLoads();
        next.sharded(balance);
    }

    @Override
    public void planned(RunPlan plan) {
        exchangedBytes = microBatches * plan.split(DatasetFiles.TRAIN).meanBytesPerStep();
        next.planned(plan);
    }

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {
        next.sized(model, memory);
    }

    @Override
    public void started(Gang gang) {
        hosts = gang.hosts();
        kernels = gang.kernels();
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
    public void failed(TrainingException failure) {
        next.failed(failure);
    }

    @Override
    public void finished(RunSummary summary) {
        next.finished(summary);
    }
}
