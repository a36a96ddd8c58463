package io.hashlayers.driver.gang;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.plan.SplitTraffic;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Puts together what the tasks of a count found. */
final class TrafficSummary {
    private final ExpertPlacement placement;
    private final List<int[]> peaks;
    private final Collection<ChunkTraffic> chunks;

    /**
     * @param peaks of each rank: most rows of any step, then those of each of its experts, ascending
     * @param chunks in any order; Spark may have counted one twice
     */
    TrafficSummary(ExpertPlacement placement, List<int[]> peaks, List<ChunkTraffic> chunks) {
        this.placement = placement;
        this.peaks = peaks;
        Map<Integer, ChunkTraffic> byChunk = new TreeMap<>(); // summed in order, so to the same bits in every run
        chunks.forEach(chunk -> byChunk.put(chunk.chunk(), chunk));
        this.chunks = byChunk.values();
    }

    /**
     * Summarizes a split.
     *
     * @param bytesPerRow that cross the network in a step for each row that leaves its rank
     */
    SplitTraffic of(String schedule, long steps, long rowsPerStep, long bytesPerRow) {
        double imbalance = 0;
        double worstImbalance = 0;
        long remoteRows = 0;
        long peakRemoteRows = 0;
        for (ChunkTraffic chunk : chunks) {
            imbalance += chunk.imbalanceSum();
            worstImbalance = Math.max(worstImbalance, chunk.worstImbalance());
            remoteRows += chunk.remoteRows();
            peakRemoteRows = Math.max(peakRemoteRows, chunk.peakRemoteRows());
        }
        return new SplitTraffic(
                schedule,
                steps,
                rowsPerStep,
                peaks.stream().map(ofRank -> ofRank[0]).toList(),
                peakExpertRows(),
                imbalance / steps,
                worstImbalance,
                (double) remoteRows * bytesPerRow / steps,
                peakRemoteRows * bytesPerRow);
    }

    private List<Integer> peakExpertRows() {
        int[] rows = new int[placement.numExperts()];
        for (int rank = 0; rank < peaks.size(); rank++) {
            int[] experts = placement.expertsOf(rank);
            for (int local = 0; local < experts.length; local++) {
                rows[experts[local]] = peaks.get(rank)[1 + local];
            }
        }
        return Arrays.stream(rows).boxed().toList();
    }
}
