package io.hashlayers.driver.gang;

import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.PlannedHash;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;

/** Places the experts of all layers on ranks and plans the traffic of their hashes. */
final class RoutePlanner {
    private final SparkSession spark;
    private final RunConfig config;
    private final DatasetManifest dataset;
    private final FeatureCounts counts;
    private final Folder plans;
    private final RunReporter reporter;

    /**
     * @param counts of the text that decides what load an expert will have
     * @param plans where the plan of each hash gets a folder
     */
    RoutePlanner(
            SparkSession spark,
            RunConfig config,
            DatasetManifest dataset,
            FeatureCounts counts,
            Folder plans,
            RunReporter reporter) {
        this.spark = spark;
        this.config = config;
        this.dataset = dataset;
        this.counts = counts;
        this.plans = plans;
        this.reporter = reporter;
    }

    /**
     * Plans the routing of a model. Experts of a learned router have the same load as far as anyone knows, and are dealt out in
     * turn.
     *
     * @param hashes of the layers that have one
     * @param splits that will be read
     */
    Routing plan(List<SharedHash> hashes, List<PlannedSplit> splits, int worldSize) {
        ExpertPlacement dealt = ExpertPlacement.roundRobin(config.model().numExperts(), worldSize);
        Routing.Layer[] layers = new Routing.Layer[config.model().sparseLayers().size()];
        IntStream.range(0, layers.length).forEach(i -> layers[i] = new Routing.Layer(dealt, Routing.Layer.LEARNED));
        List<PlannedHash> planned = new ArrayList<>();
        for (SharedHash shared : hashes) {
            ExpertPlacement experts =
                    ExpertPlacement.byLoad(shared.hash().expertLoads(counts.of(shared.hash())), worldSize);
            for (int layer : shared.layers()) {
                layers[config.model().sparseLayers().indexOf(layer)] = new Routing.Layer(experts, planned.size());
            }
            planned.add(plan(shared, experts, planned.size(), splits));
        }
        return new Routing(List.of(layers), planned, splits.get(0).predictionsDir());
    }

    private PlannedHash plan(SharedHash shared, ExpertPlacement experts, int number, List<PlannedSplit> splits) {
        ExpertHash hash = shared.hash();
        hash.requireVocabulary(dataset.vocabularySize(), config.model().contextLength());
        ExpertPlacement units = experts.ofUnits(hash.unitsPerExpert());
        reporter.sharded(BalanceReport.of(hash, counts.of(hash), units));
        reporter.note("planning the traffic");
        Folder folder = plans.folder("hash-" + number);
        RunPlan plan =
                new PlanJob(spark, config, dataset, hash, units, shared.layers().size(), folder).run(splits);
        reporter.planned(plan);
        return new PlannedHash(hash, units, plan, folder.toString());
    }
}
