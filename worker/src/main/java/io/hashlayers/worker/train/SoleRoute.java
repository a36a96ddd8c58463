package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import java.util.Arrays;

/** The exchange of a single rank with itself by one hash. */
final class SoleRoute {
    private final TokenRows batch;
    private final ExpertHash hash;
    private final ShufflePlan plan;
    private final int[] units; // of each row and choice
    private final int[][] counts; // rows of each unit, [1][units]

    /**
     * @param batch what {@link #follow} reads
     */
    SoleRoute(ExpertHash hash, TokenRows batch) {
        int choices = batch.rows() * hash.choices();
        this.batch = batch;
        this.hash = hash;
        this.plan =
                new ShufflePlan(ExpertPlacement.roundRobin(hash.units(), 1), 0, batch.rows(), hash.choices(), choices);
        this.units = new int[choices];
        this.counts = new int[1][hash.units()];
    }

    /** Plans the exchange of what the batch holds now. */
    ShufflePlan follow() {
        hash.expertsOf(batch, batch.rows(), units);
        Arrays.fill(counts[0], 0);
        for (int unit : units) {
            counts[0][unit]++;
        }
        plan.fill(units, counts);
        return plan;
    }
}
