package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.train.LearnedRoutes;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * Makes tables of tokens of the learned routers of a saved model: a token gets the experts that its router chose most often, without
 * any limit of their capacity, over a text (after StableMoE, arXiv 2204.08396). Tokens that do not occur there are dealt out
 * as in a balanced table, on top of the loads of the others.
 */
public final class DistillationRun {
    private final SavedModelStage stage;
    private final DistillationRequest request;
    private final ModelConfig model;
    private final Configuration hadoop;

    private DistillationRun(SparkSession spark, DistillationRequest request, RunReporter reporter) {
        this.request = request;
        this.hadoop = spark.sparkContext().hadoopConfiguration();
        this.stage = new SavedModelStage(
                spark,
                request.reading(),
                request.sequences(),
                saved -> saved.with(saved.mixture().uncapped()),
                reporter);
        this.model = stage.checkpoint().model();
    }

    /**
     * Distils.
     *
     * @return one table for each layer with a learned router
     * @throws TrainingException the first real failure; of kind {@code USER} if no router of the model has learned, or a file
     *     would be replaced
     */
    public static List<DistilledTable> run(SparkSession spark, DistillationRequest request, RunReporter reporter) {
        try {
            return new DistillationRun(spark, request, reporter).run();
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private List<DistilledTable> run() {
        requireFiles(learnedLayers());
        long step = stage.checkpoint().step();
        String split = request.reading().split();
        DistillationProgram.Result result = stage.run(
                (config, routing) -> new DistillationProgram(config, routing, step, split),
                DistillationProgram.Result.class);
        long[] counts = stage.frequencies().train();
        return result.layers().stream().map(routes -> table(routes, counts)).toList();
    }

    private List<Integer> learnedLayers() {
        List<Integer> learned = model.sparseLayers().stream()
                .filter(layer -> !model.router(layer).planned())
                .toList();
        if (learned.isEmpty()) {
            throw new TrainingException(
                    Failure.USER,
                    request.reading().runDir()
                            + " has no layer whose router learned, so there is nothing to distil; name a run with moe.router switch or base");
        }
        return learned;
    }

    private void requireFiles(List<Integer> layers) {
        if (layers.size() > 1 && !request.out().contains(TableConfig.LAYER)) {
            throw new TrainingException(
                    Failure.USER,
                    "--out is %s, but the blocks %s get a table each; put %s into the name"
                            .formatted(request.out(), layers, TableConfig.LAYER));
        }
        for (int layer : layers) {
            TableFile file = file(layer);
            if (!request.overwrite() && file.exists()) {
                throw new TrainingException(
                        Failure.USER, file + " is there already; name another file, or say --overwrite to replace it");
            }
        }
    }

    private TableFile file(int layer) {
        return new TableFile(hadoop, request.out().replace(TableConfig.LAYER, Integer.toString(layer)));
    }

    private DistilledTable table(LearnedRoutes routes, long[] counts) {
        int k = model.expertsPerToken();
        int[] experts = routes.experts();
        ExpertTable table = ExpertTable.completed(experts, counts, model.numExperts(), k);
        TableFile file = file(routes.layer());
        file.write(table);
        List<Long> loads = routes.loads();
        return new DistilledTable(
                routes.layer(),
                file.toString(),
                (int) Arrays.stream(experts).filter(expert -> expert >= 0).count() / k,
                table.values(),
                routes.rows(),
                (double) routes.agreeing() / routes.rows(),
                (double) Collections.max(loads) * loads.size() / routes.rows() - 1,
                BalanceReport.of(table, counts, ExpertPlacement.roundRobin(model.numExperts(), 1)));
    }
}
