package io.hashlayers.worker.train;

import java.io.Serializable;
import java.util.List;

/**
 * The quality of a model on one split.
 *
 * @param step after which it was measured
 * @param split name of the split
 * @param nats total negative log likelihood of all predicted tokens
 * @param tokens predicted tokens
 * @param changedShare share of tokens that visited another expert than in the evaluation before, over all sparse layers; not a
 *     number if there is none before
 * @param loads rows of each expert in the training since the evaluation before, of each sparse layer; none if nothing was trained
 */
public record EvaluationMetrics(
        long step, String split, double nats, long tokens, double changedShare, List<ExpertLoads> loads)
        implements Serializable {
    public EvaluationMetrics {
        loads = List.copyOf(loads);
    }

    /** The same with these loads. */
    EvaluationMetrics with(List<ExpertLoads> newLoads) {
        return new EvaluationMetrics(step, split, nats, tokens, changedShare, newLoads);
    }

    /** {@code exp(nats / tokens)}. */
    public double perplexity() {
        return Math.exp(nats / tokens);
    }
}
