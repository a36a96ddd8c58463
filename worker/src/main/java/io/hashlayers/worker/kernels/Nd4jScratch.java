package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Temporary arrays of one operation, cut from one buffer that grows to the largest need and is then reused.
 *
 * <p>An operation calls {@link #reset} first; its arrays hold until the next reset. Contents are not cleared.
 */
final class Nd4jScratch {
    private INDArray storage = Matrix.allocateStorage(1);
    private long used;

    /** Takes back all arrays. */
    void reset() {
        used = 0;
    }

    /** A row-major array [rows, cols] of anything. */
    INDArray take(long rows, long cols) {
        long floats = rows * cols;
        if (used + floats > storage.length()) {
            // What was taken before keeps the old buffer; the next operation of this size fits the new one.
            storage = Matrix.allocateStorage(used + 2 * floats);
        }
        INDArray array = Nd4j.create(storage.data(), new long[] {rows, cols}, new long[] {cols, 1}, used, 'c');
        used += floats;
        return array;
    }

    /** A copy of an array. */
    INDArray copy(INDArray array) {
        return take(array.rows(), array.columns()).assign(array);
    }

    /** An array of anything, shaped like the given one. */
    INDArray like(INDArray array) {
        return take(array.rows(), array.columns());
    }
}
