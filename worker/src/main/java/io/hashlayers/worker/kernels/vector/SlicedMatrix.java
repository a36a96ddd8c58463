package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.RegisterTile.COLS;
import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Scratch matrix of a kernel [rows, cols], cut into slices of {@link RegisterTile#COLS} columns that lie behind each other:
 * {@code [slice, rows, COLS]}. So its rows do not push each other out of the cache, as those of a wide matrix do, and are a
 * constant distance apart. Rows and columns are padded to whole tiles.
 *
 * <p>It is an array, since the compiler of JDK 17 checks every access to a buffer in a loop, and those to an array once.
 */
final class SlicedMatrix {
    private final int cols;
    private final int height; // rows, padded
    private final float[] floats;

    /** Allocates it, all 0. */
    SlicedMatrix(int rows, int cols) {
        this.cols = cols;
        this.height = (rows + RegisterTile.ROWS - 1) / RegisterTile.ROWS * RegisterTile.ROWS;
        this.floats = new float[Math.multiplyExact(sliceLength(), slices())];
    }

    /** Slices that its columns fill, the last one perhaps in part. */
    int slices() {
        return (cols + COLS - 1) / COLS;
    }

    /** Floats from a slice to the next. */
    int sliceLength() {
        return height * COLS;
    }

    /** Position of an element in {@link #floats}. */
    int at(int row, int col) {
        int within = col % COLS;
        return (col - within) * height + row * COLS + within;
    }

    float[] floats() {
        return floats;
    }

    void clear() {
        Arrays.fill(floats, 0);
    }

    /** Fills the first rows with {@code factor} times the part of a matrix that begins at (row, col). */
    void pack(Matrix from, int row, int col, int rows, float factor) {
        ByteBuffer source = from.memory();
        for (int i = 0; i < rows; i++) {
            int at = from.byteOffset() + ((row + i) * from.cols() + col) * Float.BYTES;
            for (int start = 0; start < cols; start += COLS) {
                read(source, at + start * Float.BYTES, at(i, start), Math.min(COLS, cols - start), factor);
            }
        }
    }

    private void read(ByteBuffer source, int from, int to, int count, float factor) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            load(source, from + i * Float.BYTES).mul(factor).intoArray(floats, to + i);
        }
        for (int i = full; i < count; i++) {
            floats[to + i] = source.getFloat(from + i * Float.BYTES) * factor;
        }
    }

    /** Fills it with the transpose of another one. */
    void packTransposed(SlicedMatrix from) {
        for (int col = 0; col < cols; col++) {
            for (int row = 0; row < from.cols; row += COLS) {
                spread(from.floats, from.at(col, row), at(row, col), Math.min(COLS, from.cols - row));
            }
        }
    }

    private void spread(float[] source, int from, int to, int count) {
        for (int i = 0; i < count; i++) {
            floats[to + i * COLS] = source[from + i];
        }
    }

    /** Writes {@code factor} times row {@code i} to the columns from {@code col} on of row {@code row} of a matrix. */
    void unpack(int i, Matrix to, int row, int col, float factor) {
        int at = to.byteOffset() + (row * to.cols() + col) * Float.BYTES;
        for (int start = 0; start < cols; start += COLS) {
            write(at(i, start), to.memory(), at + start * Float.BYTES, Math.min(COLS, cols - start), factor);
        }
    }

    private void write(int from, ByteBuffer target, int to, int count, float factor) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            store(FloatVector.fromArray(SPECIES, floats, from + i).mul(factor), target, to + i * Float.BYTES);
        }
        for (int i = full; i < count; i++) {
            target.putFloat(to + i * Float.BYTES, floats[from + i] * factor);
        }
    }
}
