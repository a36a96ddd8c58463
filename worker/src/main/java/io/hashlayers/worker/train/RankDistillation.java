package io.hashlayers.worker.train;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.transformer.ModelConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts where the learned routers of a saved model send each token of a text, for tables that take their place (StableMoE, Dai et
 * al. 2022, arXiv 2204.08396; which distils into embeddings, we into counts). The same program on every rank.
 */
public final class RankDistillation {
    private final RankContext context;
    private final ModelConfig config;
    private final SortedMap<Integer, RouteCounts> counts =
            new TreeMap<>(); // of learned layers, by their place among the sparse

    private RankDistillation(RankContext context) {
        this.context = context;
        this.config = context.config().model();
        List<Routing.Layer> layers = context.routing().layers();
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i).hash() == Routing.Layer.LEARNED) {
                counts.put(i, new RouteCounts(config.vocabularySize(), config.numExperts()));
            }
        }
    }

    /**
     * Loads this rank's part of a checkpoint and reads the split once, together with all other ranks.
     *
     * @param context whose configuration has the model of the checkpoint, {@link
     *     io.hashlayers.worker.transformer.MixtureConfig#uncapped uncapped}, and whose plan has this split
     * @return of each layer with a learned router; the same on every rank
     */
    public static List<LearnedRoutes> run(RankContext context, String split, CheckpointReader checkpoint) {
        RankModel model = RankModel.forEvaluation(context, split);
        CheckpointTensors.of(model.parameters()).readFrom(checkpoint);
        return new RankDistillation(context).read(model, split);
    }

    private List<LearnedRoutes> read(RankModel model, String split) {
        Duration timeout = Duration.ofSeconds(context.config().train().timeoutSeconds());
        try (StepReader reader = StepReader.evaluation(context, split);
                BatchPrefetcher batches = new BatchPrefetcher(
                        reader, 0, reader.steps(), timeout, context.collective().activity())) {
            for (long batch = 0; batch < reader.steps(); batch++) {
                StepInput input = batches.next();
                model.loss(input);
                List<ShufflePlan> plans = model.plans();
                counts.forEach((layer, ofLayer) -> count(input, plans.get(layer), ofLayer));
            }
        }
        List<LearnedRoutes> routes = new ArrayList<>();
        counts.forEach((layer, ofLayer) -> {
            ofLayer.sum(context.collective());
            routes.add(new LearnedRoutes(config.sparseLayers().get(layer), ofLayer, config.expertsPerToken()));
        });
        return routes;
    }

    /** Counts all rows but those that fill up the last batch. */
    private void count(StepInput input, ShufflePlan plan, RouteCounts ofLayer) {
        int k = config.expertsPerToken();
        int[] experts = plan.experts();
        for (int row = 0; row < plan.rows(); row++) {
            for (int i = row * k; i < (row + 1) * k && input.targets()[row] >= 0; i++) {
                ofLayer.add(input.tokens()[row], experts[i]);
            }
        }
    }
}
