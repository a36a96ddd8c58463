package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import org.jspecify.annotations.Nullable;

/** What a rank needs for one step: its rows of the global batch and where they go. Refilled, never reallocated. */
final class StepInput {
    private final TokenRows batch;
    private final @Nullable ShufflePlan plan;

    /**
     * @param batch rows of this rank, to be filled for each step
     * @param plan to be filled for each step; null when the model is dense
     */
    StepInput(TokenRows batch, @Nullable ShufflePlan plan) {
        this.batch = batch;
        this.plan = plan;
    }

    /** What a hash may read. */
    TokenRows batch() {
        return batch;
    }

    /** Token ids, [R]. */
    int[] tokens() {
        return batch.tokens();
    }

    /** The token that follows each one, or -1 for padding, [R]. */
    int[] targets() {
        return batch.targets();
    }

    /** Exchange of this step, for every sparse layer alike. */
    @Nullable
    ShufflePlan plan() {
        return plan;
    }
}
