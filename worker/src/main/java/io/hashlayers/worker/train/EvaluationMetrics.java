package io.hashlayers.worker.train;

import java.io.Serializable;

/**
 * The quality of a model on one split.
 *
 * @param step after which it was measured
 * @param split name of the split
 * @param nats total negative log likelihood of all predicted tokens
 * @param tokens predicted tokens
 */
public record EvaluationMetrics(long step, String split, double nats, long tokens) implements Serializable {
    /** {@code exp(nats / tokens)}. */
    public double perplexity() {
        return Math.exp(nats / tokens);
    }
}
