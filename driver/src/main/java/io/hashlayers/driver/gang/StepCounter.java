package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.TokenDataset;
import java.util.Arrays;

/**
 * Counts, from the token ids of one step, the rows that each rank sends to each expert. Rank {@code r} of {@code W} has the
 * sequences {@code [r B / W, (r + 1) B / W)} of a batch of {@code B}. Not thread-safe.
 */
final class StepCounter {
    private final TokenDataset dataset;
    private final BatchSchedule schedule;
    private final TokenHash hash;
    private final int worldSize;
    private final int[] tokens; // [S]
    private final int[] targets; // [S], read along and not used

    StepCounter(TokenDataset dataset, BatchSchedule schedule, TokenHash hash, int worldSize) {
        this.dataset = dataset;
        this.schedule = schedule;
        this.hash = hash;
        this.worldSize = worldSize;
        this.tokens = new int[dataset.sequenceLength()];
        this.targets = new int[dataset.sequenceLength()];
    }

    /**
     * Counts a step.
     *
     * @param step from 0
     * @param counts receives the rows from each rank to each expert, [W][E]
     */
    void count(long step, int[][] counts) {
        int sequences = schedule.batch() / worldSize;
        for (int rank = 0; rank < worldSize; rank++) {
            Arrays.fill(counts[rank], 0);
            for (int i = 0; i < sequences; i++) {
                read(schedule.row(step, rank * sequences + i));
                hash.countRows(tokens, tokens.length, tokens.length, counts[rank]);
            }
        }
    }

    private void read(long row) {
        if (row == BatchSchedule.PADDING) {
            Arrays.fill(tokens, dataset.manifest().endOfText());
        } else {
            dataset.readRow(row, tokens, targets, 0);
        }
    }
}
