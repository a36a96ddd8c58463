package io.hashlayers.worker.train;

import java.io.Serializable;

/**
 * What one optimizer step did, over all ranks.
 *
 * @param step counted from 1
 * @param loss mean over the tokens of the global batch, nats
 * @param tokens trained on since step 1
 * @param tokensPerSecond of this step, all ranks together
 * @param learningRate of this step
 * @param gradientNorm global norm before clipping
 * @param maxVio rows of the busiest expert divided by the mean, minus 1, in the first sparse layer of this step; 0 when dense
 */
public record StepMetrics(
        long step,
        double loss,
        long tokens,
        double tokensPerSecond,
        double learningRate,
        double gradientNorm,
        double maxVio)
        implements Serializable {}
