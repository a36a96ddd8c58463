package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RankActivity.Phase;
import java.time.Duration;
import java.util.List;

/** Measures the model of all ranks on the sequences of one split, in their order, each once. */
final class Evaluation {
    private final RankContext context;
    private final RankModel model;
    private final String split;
    private final RoutingMemory routes;

    private Evaluation(RankContext context, RankModel model, String split, int rememberedLayers) {
        RunConfig config = context.config();
        this.context = context;
        this.model = model;
        this.split = split;
        this.routes = new RoutingMemory(
                rememberedLayers,
                config.sequencesPerRank(context.collective().worldSize())
                        * config.model().contextLength());
    }

    /** To be run again and again while the model learns: it tells how routes change in between. */
    static Evaluation repeated(RankContext context, RankModel model, String split) {
        return new Evaluation(
                context, model, split, context.config().model().sparseLayers().size());
    }

    /** To be run once. */
    static Evaluation once(RankContext context, RankModel model, String split) {
        return new Evaluation(context, model, split, 0);
    }

    /**
     * Reads the split once and sums its loss over all ranks, which all call it together.
     *
     * @param step for the report: after which step the model stands
     */
    EvaluationMetrics run(long step) {
        Collective collective = context.collective();
        Duration timeout = Duration.ofSeconds(context.config().train().timeoutSeconds());
        collective.activity().begins(Phase.EVALUATING, step);
        double[] sums = new double[4]; // nats, predicted tokens, routes compared, routes changed
        try (StepReader reader = StepReader.evaluation(context, split);
                BatchPrefetcher batches = new BatchPrefetcher(
                        reader, 0, reader.steps(), timeout, context.collective().activity())) {
            routes.begin(reader.steps());
            for (long batch = 0; batch < reader.steps(); batch++) {
                StepInput input = batches.next();
                sums[0] += model.loss(input);
                sums[1] += predicted(input);
                routes.add(model::copyExperts, input.targets());
            }
            sums[2] = routes.compared();
            sums[3] = routes.changed();
        }
        collective.allReduce(sums);
        return new EvaluationMetrics(
                step, split, sums[0], Math.round(sums[1]), sums[2] == 0 ? Double.NaN : sums[3] / sums[2], List.of());
    }

    private static int predicted(StepInput input) {
        int count = 0;
        for (int target : input.targets()) {
            count += target >= 0 ? 1 : 0;
        }
        return count;
    }
}
