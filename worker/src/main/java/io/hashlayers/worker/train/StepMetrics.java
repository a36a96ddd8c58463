package io.hashlayers.worker.train;

import java.io.Serializable;
import java.util.List;

/**
 * What one optimizer step did, over all ranks.
 *
 * @param step counted from 1
 * @param loss mean over the tokens of the global batch, nats
 * @param tokens trained on since step 1
 * @param tokensPerSecond of this step, all ranks together
 * @param learningRate of this step
 * @param gradientNorm global norm before clipping
 * @param maxVio rows of the busiest expert divided by the mean, minus 1, mean of the sparse layers; 0 when dense
 * @param routing of each sparse layer
 */
public record StepMetrics(
        long step,
        double loss,
        long tokens,
        double tokensPerSecond,
        double learningRate,
        double gradientNorm,
        double maxVio,
        List<RoutingMetrics> routing)
        implements Serializable {}
