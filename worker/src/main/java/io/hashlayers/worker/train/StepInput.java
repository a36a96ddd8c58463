package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import java.util.List;

/** What a rank needs for one micro-batch: its rows and where hashes send them. Refilled, never reallocated. */
final class StepInput {
    private final TokenRows batch;
    private final List<ShufflePlan> plans;

    /**
     * @param batch rows of this rank, to be filled for each step
     * @param plans one for each hash, to be filled for each step
     */
    StepInput(TokenRows batch, List<ShufflePlan> plans) {
        this.batch = batch;
        this.plans = plans;
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

    /** The exchange by each hash of the {@link Routing}. */
    List<ShufflePlan> plans() {
        return plans;
    }
}
