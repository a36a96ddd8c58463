package io.hashlayers.worker.train;

import java.io.Serializable;

/**
 * What a rank knows at the end of its loop; equal on all ranks but for the kernels.
 *
 * @param steps optimizer steps done
 * @param tokens trained on, over all ranks
 * @param tokensPerSecond over all steps without evaluations and checkpoints
 * @param meanMaxVio mean of {@link StepMetrics#maxVio} over the steps
 * @param meanDropped mean over the steps of the share of choices that experts had no room for
 * @param validation of the last step
 * @param kernels description of the kernels of this rank
 */
public record RankResult(
        long steps,
        long tokens,
        double tokensPerSecond,
        double meanMaxVio,
        double meanDropped,
        EvaluationMetrics validation,
        String kernels)
        implements Serializable {}
