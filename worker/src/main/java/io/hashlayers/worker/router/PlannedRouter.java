package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;

/** A router whose plan is made ahead of the step, from the token ids alone. */
public interface PlannedRouter extends Router {
    /** Sets the plan of the micro-batch that comes next; it may be filled anew when that one is done. */
    void follow(ShufflePlan next);
}
