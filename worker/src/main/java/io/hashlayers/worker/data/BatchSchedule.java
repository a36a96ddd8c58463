package io.hashlayers.worker.data;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Which rows the ranks read together at once: a micro-batch of training, or a batch of an evaluation. The same for any number of ranks: rank {@code r} of {@code n} takes the
 * indices {@code [r * batch / n, (r + 1) * batch / n)}. Immutable, thread-safe.
 */
public final class BatchSchedule {
    /** What {@link #row} returns where a sequential pass has no more rows. */
    public static final long PADDING = -1;

    private final String name;
    private final long rows;
    private final int batch;
    private final long steps;
    private final RowAt rowAt;

    /** The row at a position counted over all batches. */
    private interface RowAt {
        long row(long position);
    }

    private BatchSchedule(String name, long rows, int batch, long steps, RowAt rowAt) {
        if (rows < 1 || batch < 1) {
            throw new IllegalArgumentException("rows and batch must be at least 1 but are " + rows + " and " + batch);
        }
        this.name = name;
        this.rows = rows;
        this.batch = batch;
        this.steps = steps;
        this.rowAt = rowAt;
    }

    /**
     * Endless training: epoch after epoch in the order of {@link EpochOrder}. A batch may begin in one epoch and end in the
     * next.
     */
    public static BatchSchedule training(long rows, int batch, long seed) {
        return new BatchSchedule("training seed=" + seed, rows, batch, Long.MAX_VALUE, new EpochOrder(rows, seed)::row);
    }

    /** One pass over the first {@code rows} rows in their order, for evaluation; the last batch is padded. */
    public static BatchSchedule sequential(long rows, int batch) {
        long steps = (rows + batch - 1) / Math.max(1, batch);
        return new BatchSchedule("sequential", rows, batch, steps, position -> position < rows ? position : PADDING);
    }

    /** Sequences that all ranks read at once. */
    public int batch() {
        return batch;
    }

    /** Rows that the schedule draws from. */
    public long rows() {
        return rows;
    }

    /** Steps of a sequential pass; {@link Long#MAX_VALUE} for training, which has no end. */
    public long steps() {
        return steps;
    }

    /**
     * The row of one sequence.
     *
     * @param step counted from 0, below {@link #steps}
     * @param index in the batch, in {@code [0, batch())}
     * @return the row, or {@link #PADDING}
     */
    public long row(long step, int index) {
        Objects.checkIndex(step, steps);
        Objects.checkIndex(index, batch);
        return rowAt.row(Math.addExact(Math.multiplyExact(step, (long) batch), index));
    }

    /** Names the whole schedule: equal digests, equal rows in every step. */
    public String digest() {
        String content = name + " rows=" + rows + " batch=" + batch;
        return Sha256.of(content.getBytes(StandardCharsets.UTF_8));
    }
}
