package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenRows;
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
    private final ExpertHash hash;
    private final int worldSize;
    private final TokenRows sequence; // [S]

    StepCounter(TokenDataset dataset, BatchSchedule schedule, ExpertHash hash, int worldSize) {
        this.dataset = dataset;
        this.schedule = schedule;
        this.hash = hash;
        this.worldSize = worldSize;
        int length = dataset.sequenceLength();
        this.sequence = new TokenRows(
                new int[length], new int[length], new int[0], dataset.manifest().vocabularySize(), length);
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
                hash.countRows(sequence, sequence.rows(), counts[rank]);
            }
        }
    }

    private void read(long row) {
        if (row == BatchSchedule.PADDING) {
            Arrays.fill(sequence.tokens(), dataset.manifest().endOfText());
            Arrays.fill(sequence.targets(), -1);
        } else {
            dataset.readRow(row, sequence.tokens(), sequence.targets(), 0);
        }
    }
}
