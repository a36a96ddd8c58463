package io.hashlayers.worker.train;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import org.jspecify.annotations.Nullable;

/** What a rank needs for one step: its rows of the global batch and where they go. Refilled, never reallocated. */
final class StepInput {
    private final int[] tokens;
    private final int[] targets;
    private final @Nullable ShufflePlan plan;

    /**
     * @param rows {@code R}, of this rank
     * @param plan to be filled for each step; null when the model is dense
     */
    StepInput(int rows, @Nullable ShufflePlan plan) {
        this.tokens = new int[rows];
        this.targets = new int[rows];
        this.plan = plan;
    }

    /** Token ids, [R]. */
    int[] tokens() {
        return tokens;
    }

    /** The token that follows each one, or -1 for padding, [R]. */
    int[] targets() {
        return targets;
    }

    /** Exchange of this step, for every sparse layer alike. */
    @Nullable
    ShufflePlan plan() {
        return plan;
    }
}
