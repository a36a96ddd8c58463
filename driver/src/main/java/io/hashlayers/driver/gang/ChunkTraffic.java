package io.hashlayers.driver.gang;

import io.hashlayers.sharding.placement.ExpertPlacement;
import java.io.Serializable;

/**
 * What the steps of one chunk mean for the ranks, added up.
 *
 * @param chunk number of the run of steps
 * @param imbalanceSum sum over the steps of {@code max / mean} of the rows of the ranks
 * @param worstImbalance the largest of these
 * @param remoteRows rows that go from one rank to another, in all steps together
 * @param peakRemoteRows most of any step
 */
record ChunkTraffic(int chunk, double imbalanceSum, double worstImbalance, long remoteRows, long peakRemoteRows)
        implements Serializable {
    /** A chunk of which no step was counted yet. */
    static ChunkTraffic empty(int chunk) {
        return new ChunkTraffic(chunk, 0, 0, 0, 0);
    }

    /**
     * Adds a step.
     *
     * @param counts rows from each rank to each expert, [W][E]
     */
    ChunkTraffic plus(int[][] counts, ExpertPlacement placement) {
        long[] received = new long[counts.length];
        long rows = 0;
        long remote = 0;
        for (int source = 0; source < counts.length; source++) {
            for (int expert = 0; expert < counts[source].length; expert++) {
                int rank = placement.rankOf(expert);
                received[rank] += counts[source][expert];
                rows += counts[source][expert];
                remote += rank == source ? 0 : counts[source][expert];
            }
        }
        long most = 0;
        for (long ofRank : received) {
            most = Math.max(most, ofRank);
        }
        double imbalance = (double) most * received.length / rows;
        return new ChunkTraffic(
                chunk,
                imbalanceSum + imbalance,
                Math.max(worstImbalance, imbalance),
                remoteRows + remote,
                Math.max(peakRemoteRows, remote));
    }
}
