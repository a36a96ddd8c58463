package io.hashlayers.worker.plan;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;

/**
 * The planned exchange of one split, for each sparse layer alike. A step of the plan is one batch that the ranks read at once; in
 * training a micro-batch.
 *
 * @param schedule digest of which rows are in which batch
 * @param steps planned
 * @param rowsPerStep rows that all experts together get in a step: tokens of the batch times experts per token
 * @param peakRows most rows that each rank receives in any step, [W]
 * @param peakExpertRows most rows that each expert gets in any step, [E]
 * @param meanImbalance mean over the steps of {@code max / mean} of the rows of the ranks; 1 is even
 * @param worstImbalance the largest of any step
 * @param meanBytesPerStep what leaves one rank for another in a step, all sparse layers, forth and back, on average
 * @param peakBytesPerStep the same in the busiest step
 */
public record SplitTraffic(
        String schedule,
        long steps,
        long rowsPerStep,
        List<Integer> peakRows,
        List<Integer> peakExpertRows,
        double meanImbalance,
        double worstImbalance,
        double meanBytesPerStep,
        long peakBytesPerStep)
        implements Serializable {
    public SplitTraffic {
        peakRows = List.copyOf(peakRows);
        peakExpertRows = List.copyOf(peakExpertRows);
        if (steps < 1 || rowsPerStep < 1 || peakRows.isEmpty() || peakExpertRows.isEmpty()) {
            throw new IllegalArgumentException("a split without steps, rows, ranks or experts has no traffic");
        }
    }

    /** Most rows that any rank receives in any step. */
    public int peakRowsOfAnyRank() {
        return Collections.max(peakRows);
    }
}
