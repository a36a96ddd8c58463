package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;

/**
 * What a run does when it diverges: when the loss or the gradient norm of a step is not finite, or the loss runs away.
 *
 * @param policy what happens then
 * @param factor a loss of more than so many times the median of those before runs away; 0 for none
 * @param maxSkips most steps that are left out in the whole run
 */
public record DivergenceConfig(Policy policy, double factor, int maxSkips) implements Serializable {
    /** The run ends with the first such step. */
    public static final DivergenceConfig STOP = new DivergenceConfig(Policy.STOP, 0, 0);

    /** What happens when a run diverges. */
    public enum Policy {
        /** The run ends. */
        STOP,
        /** The run goes on behind its newest checkpoint, and leaves out the batch of that step. */
        SKIP
    }

    public DivergenceConfig {
        if (factor != 0 && !(factor > 1 && Double.isFinite(factor))) {
            throw new TrainingException(
                    Failure.USER,
                    "train.divergence-factor is " + factor + "; set it to more than 1, or to 0 for no such limit");
        }
        if (maxSkips < 0) {
            throw new TrainingException(Failure.USER, "train.max-skips is " + maxSkips + "; set it to 0 or more");
        }
    }
}
