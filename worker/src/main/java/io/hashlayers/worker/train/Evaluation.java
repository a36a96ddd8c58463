package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import java.time.Duration;
import java.util.List;

/** Measures the model of all ranks on the sequences of one split, in their order, each once. */
final class Evaluation {
    private final RankContext context;
    private final RankModel model;
    private final String split;

    Evaluation(RankContext context, RankModel model, String split) {
        this.context = context;
        this.model = model;
        this.split = split;
    }

    /**
     * Reads the split once and sums its loss over all ranks, which all call it together.
     *
     * @param step for the report: after which step the model stands
     */
    EvaluationMetrics run(long step) {
        Collective collective = context.collective();
        Duration timeout = Duration.ofSeconds(context.config().train().timeoutSeconds());
        double[] sums = new double[2]; // nats, predicted tokens
        try (StepReader reader = StepReader.evaluation(context, split);
                BatchPrefetcher batches = new BatchPrefetcher(reader, 0, reader.steps(), timeout)) {
            for (long batch = 0; batch < reader.steps(); batch++) {
                StepInput input = batches.next();
                sums[0] += model.loss(input);
                sums[1] += predicted(input);
            }
        }
        collective.allReduce(sums);
        return new EvaluationMetrics(step, split, sums[0], Math.round(sums[1]), List.of());
    }

    private static int predicted(StepInput input) {
        int count = 0;
        for (int target : input.targets()) {
            count += target >= 0 ? 1 : 0;
        }
        return count;
    }
}
