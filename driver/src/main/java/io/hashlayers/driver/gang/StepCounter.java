package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.RowReader;
import java.util.Arrays;

/**
 * Counts, from the token ids of one step, the rows that each rank sends to each expert. Rank {@code r} of {@code W} has the
 * sequences {@code [r B / W, (r + 1) B / W)} of a batch of {@code B}. Not thread-safe.
 */
final class StepCounter {
    private final RowReader rows;
    private final BatchSchedule schedule;
    private final ExpertHash hash;
    private final int worldSize;
    private final TokenRows sequence; // [S]

    StepCounter(RowReader rows, BatchSchedule schedule, ExpertHash hash, int worldSize) {
        this.rows = rows;
        this.schedule = schedule;
        this.hash = hash;
        this.worldSize = worldSize;
        this.sequence = rows.allocate(1);
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
                rows.read(schedule.row(step, rank * sequences + i), sequence, 0);
                hash.countRows(sequence, sequence.rows(), counts[rank]);
            }
        }
    }
}
