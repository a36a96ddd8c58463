package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import java.time.Duration;
import java.util.List;

/** Tells nobody. Of a run that another one needs, say: what it plans and measures is not that of the other. */
public class SilentReporter implements RunReporter {
    @Override
    public void note(String sentence) {}

    @Override
    public void sharded(BalanceReport balance) {}

    @Override
    public void planned(RunPlan plan) {}

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {}

    @Override
    public void resumed(long step) {}

    @Override
    public void started(Gang gang) {}

    @Override
    public void step(StepMetrics metrics) {}

    @Override
    public void evaluation(EvaluationMetrics metrics) {}

    @Override
    public void checkpoint(long step, String path) {}

    @Override
    public void measured(MemoryPlan memory, List<Long> peakBytes) {}

    @Override
    public void broke(GangFailure first) {}

    @Override
    public void regrouped(int ranks, int asked) {}

    @Override
    public void skipping(TrainingException cause, long step, int number) {}

    @Override
    public void restarting(TrainingException cause, int number, Duration pause) {}

    @Override
    public void failed(TrainingException failure) {}

    @Override
    public void finished(RunSummary summary) {}
}
