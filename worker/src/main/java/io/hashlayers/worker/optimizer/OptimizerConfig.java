package io.hashlayers.worker.optimizer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;

/**
 * Settings of AdamW and its learning-rate schedule.
 *
 * @param learningRate peak rate, reached after the warm-up
 * @param warmupSteps steps of linear warm-up from 0, 0 for none
 * @param schedule what follows the warm-up until the last step
 * @param finalLearningRateRatio the rate of the last step divided by the peak, from 0 to 1
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon added to the root of the second moment
 * @param weightDecay decoupled decay of matrices (not of biases and norms), 0 for none
 * @param clipNorm largest global gradient norm, 0 for no clipping
 */
public record OptimizerConfig(
        double learningRate,
        long warmupSteps,
        Schedule schedule,
        double finalLearningRateRatio,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double clipNorm)
        implements Serializable {
    /** How the learning rate goes from its peak to the last step. */
    public enum Schedule {
        CONSTANT,
        LINEAR,
        COSINE
    }

    public OptimizerConfig {
        require("optimizer.learning-rate", learningRate, learningRate > 0, "more than 0");
        require("optimizer.warmup-steps", warmupSteps, warmupSteps >= 0, "0 or more");
        require(
                "optimizer.final-learning-rate-ratio",
                finalLearningRateRatio,
                finalLearningRateRatio >= 0 && finalLearningRateRatio <= 1,
                "0 to 1");
        require("optimizer.beta1", beta1, beta1 >= 0 && beta1 < 1, "0 or more and less than 1");
        require("optimizer.beta2", beta2, beta2 >= 0 && beta2 < 1, "0 or more and less than 1");
        require("optimizer.epsilon", epsilon, epsilon > 0, "more than 0");
        require("optimizer.weight-decay", weightDecay, weightDecay >= 0, "0 or more");
        require("optimizer.clip-norm", clipNorm, clipNorm >= 0, "0 or more");
    }

    private static void require(String key, Number value, boolean holds, String range) {
        if (!holds) {
            throw new TrainingException(Failure.USER, key + " is " + value + "; set it to " + range);
        }
    }
}
