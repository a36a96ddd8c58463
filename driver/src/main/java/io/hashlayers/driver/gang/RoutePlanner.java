package io.hashlayers.driver.gang;

import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Decides who goes where in a training run, table and placement, and plans its traffic; both are kept in the run's folder. */
final class RoutePlanner {
    private final SparkSession spark;
    private final RunConfig config;
    private final DatasetManifest dataset;
    private final RunFolder folder;
    private final RunReporter reporter;

    RoutePlanner(
            SparkSession spark, RunConfig config, DatasetManifest dataset, RunFolder folder, RunReporter reporter) {
        this.spark = spark;
        this.config = config;
        this.dataset = dataset;
        this.folder = folder;
        this.reporter = reporter;
    }

    /**
     * Plans the routing of a model with experts.
     *
     * @param counts of each token in the training text, [V]
     */
    Routing plan(long[] counts, int worldSize) {
        ExpertTable table = config.table().build(config.model(), counts);
        ExpertPlacement placement = ExpertPlacement.byLoad(table.loads(counts), worldSize);
        TokenHash hash = new TokenHash(TokenFeature.CURRENT_TOKEN, table);
        hash.requireVocabulary(dataset.vocabularySize(), config.model().contextLength());
        folder.saveTable(table);
        reporter.sharded(BalanceReport.of(table, counts, placement));
        reporter.note("planning the traffic of " + config.train().steps() + " steps");
        RunPlan plan = new PlanJob(spark, config, dataset, hash, placement, folder.plan())
                .run(List.of(
                        new PlannedSplit(DatasetFiles.TRAIN, true, config),
                        new PlannedSplit(DatasetFiles.VALID, false, config)));
        reporter.planned(plan);
        return new Routing(hash, placement, plan, folder.plan().toString());
    }
}
