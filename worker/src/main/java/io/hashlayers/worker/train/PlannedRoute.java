package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.plan.ReceiveCounts;

/** Lays out, on one rank, the exchange of each micro-batch by one hash, from token ids and planned counts. */
final class PlannedRoute implements AutoCloseable {
    private final PlannedHash planned;
    private final ReceiveCounts counts;
    private final int rank;
    private final int rows;
    private final int[] units; // of each row and choice, [R choices]
    private final int[][] receives; // rows from each rank for each unit of this one

    /**
     * @param counts of this rank, which this object closes
     * @param rows of this rank
     */
    PlannedRoute(PlannedHash planned, ReceiveCounts counts, int rank, int rows) {
        this.planned = planned;
        this.counts = counts;
        this.rank = rank;
        this.rows = rows;
        this.units = new int[rows * planned.hash().choices()];
        this.receives =
                new int[planned.placement().worldSize()][planned.placement().expertsOf(rank).length];
    }

    /** Makes an empty plan of the right size. */
    ShufflePlan allocate() {
        return new ShufflePlan(planned.placement(), rank, rows, planned.hash().choices(), counts.peakRows());
    }

    /** Fills a plan with the exchange of a micro-batch, counted from 0. */
    void fill(long step, TokenRows batch, ShufflePlan plan) {
        planned.hash().expertsOf(batch, rows, units);
        counts.read(step, receives);
        plan.fill(units, receives);
    }

    @Override
    public void close() {
        counts.close();
    }
}
