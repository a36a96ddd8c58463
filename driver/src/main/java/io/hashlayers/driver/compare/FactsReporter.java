package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.ForwardingReporter;
import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;

/** Notes the facts of a run as it is told of them, and tells another reporter everything. */
final class FactsReporter extends ForwardingReporter {
    private static final double UNKNOWN = -1;

    private final int microBatches;
    private List<Long> expertLoads = List.of();
    private double plannedBytes;
    private boolean allPlanned;
    private List<String> hosts = List.of();
    private List<String> kernels = List.of();

    /**
     * @param microBatches of a step; a plan counts for each of them
     */
    FactsReporter(RunReporter next, int microBatches) {
        super(next);
        this.microBatches = microBatches;
    }

    /** What was told; the bytes are unknown where a layer learns its routes, since those are in no plan. */
    RunFacts facts() {
        return new RunFacts(expertLoads, allPlanned ? plannedBytes : UNKNOWN, hosts, kernels);
    }

    /** Of several hashes the first one stands for the run. */
    @Override
    public void sharded(BalanceReport balance) {
        if (expertLoads.isEmpty()) {
            expertLoads = balance.expertLoads();
        }
        super.sharded(balance);
    }

    /** There is a plan for each hash of the model. */
    @Override
    public void planned(RunPlan plan) {
        plannedBytes += microBatches * plan.split(DatasetFiles.TRAIN).meanBytesPerStep();
        super.planned(plan);
    }

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {
        List<RouterConfig> routers = model.mixture().routers();
        allPlanned = !routers.isEmpty() && routers.stream().allMatch(RouterConfig::planned);
        super.sized(model, memory);
    }

    @Override
    public void started(Gang gang) {
        hosts = gang.hosts();
        kernels = gang.kernels();
        super.started(gang);
    }
}
