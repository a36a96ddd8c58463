package io.hashlayers.worker.train;

import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;

/** Measures a saved model on a split; the same program on every rank, whatever number of ranks trained it. */
public final class RankEvaluation {
    private RankEvaluation() {}

    /**
     * Loads this rank's part of a checkpoint and reads the split once, together with all other ranks.
     *
     * @param context whose configuration is that of the checkpoint, and whose plan has this split
     * @return the same on every rank
     */
    public static EvaluationMetrics run(RankContext context, String split, CheckpointReader checkpoint) {
        RankModel model = RankModel.forEvaluation(context, split);
        CheckpointTensors.of(model.parameters()).readFrom(checkpoint);
        return Evaluation.once(context, model, split).run(checkpoint.manifest().step());
    }
}
