package io.hashlayers.worker.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A dense row-major float32 matrix in off-heap memory, {@code [rows, cols]}.
 *
 * <p>The same memory is reached in three ways: as an ND4J array (any backend), as a {@link ByteBuffer} (vector kernels,
 * transport) and as a native pointer (oneDNN). Views share the memory of what they were cut from. A view made by
 * {@link #window} can be moved, so that a steady step allocates nothing. Not thread-safe; a matrix belongs to one rank.
 */
public final class Matrix {
    private static final boolean DEVICE_BACKEND =
            !Nd4j.getBackend().getClass().getSimpleName().startsWith("Cpu");

    private static final LongAdder ALLOCATED = new LongAdder(); // bytes

    private final INDArray storage; // [all floats of the allocation], rank 1
    private final long storageOffset; // of this matrix's first possible row, in floats
    private final int capacityRows;
    private final int cols;
    private final ByteBuffer memory; // of all capacityRows
    private final FloatBuffer floats; // the same memory
    private final FloatPointer pointer;

    private int firstRow;
    private int rows;
    private @Nullable INDArray array;

    private Matrix(INDArray storage, long storageOffset, int capacityRows, int cols) {
        this.storage = storage;
        this.storageOffset = storageOffset;
        this.capacityRows = capacityRows;
        this.cols = cols;
        this.rows = capacityRows;
        long floats = (long) capacityRows * cols;
        if (Math.multiplyExact(floats, Float.BYTES) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a matrix of [%d, %d] needs more than 2 GiB".formatted(capacityRows, cols));
        }
        this.memory = hostBytes(storage, storageOffset, floats);
        this.floats = memory.asFloatBuffer();
        this.pointer = new FloatPointer(storage.data().pointer());
        pointAtFirstRow();
    }

    /** Whether host memory is all there is, so that {@link #memory} and {@link #pointer} are the data themselves. */
    static boolean onHost() {
        return !DEVICE_BACKEND;
    }

    /** Allocates a zeroed matrix; {@code rows} may be 0. */
    public static Matrix allocate(int rows, int cols) {
        return of(allocateStorage(Math.max(1, (long) rows * cols)), 0, rows, cols);
    }

    /** Allocates the zeroed storage of several matrices, as one flat array of {@code floats} elements. */
    public static INDArray allocateStorage(long floats) {
        INDArray storage = Nd4j.zeros(DataType.FLOAT, floats);
        ALLOCATED.add(floats * Float.BYTES);
        return storage;
    }

    /** Bytes of all storage that this JVM ever allocated; what is planned must be what it grows by. */
    public static long allocatedBytes() {
        return ALLOCATED.sum();
    }

    /** Cuts a matrix out of {@code storage}, a rank-1 float array, beginning {@code offset} floats from its start. */
    public static Matrix of(INDArray storage, long offset, int rows, int cols) {
        if (rows < 0 || cols < 1 || offset < 0 || offset + (long) rows * cols > storage.length()) {
            throw new IllegalArgumentException("[%d, %d] at %d does not fit a storage of %d floats"
                    .formatted(rows, cols, offset, storage.length()));
        }
        return new Matrix(storage, offset, rows, cols);
    }

    /** Returns a new movable view of the rows {@code [first, first + count)} of this matrix. */
    public Matrix window(int first, int count) {
        Matrix window = new Matrix(storage, storageOffset + (long) firstRow * cols, rows, cols);
        window.moveTo(first, count);
        return window;
    }

    /** Returns a new flat view [1, count] of the elements from {@code first} on, counted row after row. */
    public Matrix elements(long first, int count) {
        if (first < 0 || count < 1 || first + count > size()) {
            throw new IndexOutOfBoundsException("elements [%d, %d) of %d".formatted(first, first + count, size()));
        }
        return new Matrix(storage, storageOffset + (long) firstRow * cols + first, 1, count);
    }

    /**
     * Returns a new view of the same elements, counted row after row, with rows of another length.
     *
     * @throws IllegalArgumentException if they do not fill whole rows
     */
    public Matrix inRowsOf(int newCols) {
        if (newCols < 1 || size() % newCols != 0) {
            throw new IllegalArgumentException(this + " does not fill rows of " + newCols);
        }
        return new Matrix(storage, storageOffset + (long) firstRow * cols, Math.toIntExact(size() / newCols), newCols);
    }

    /**
     * Moves this window to the rows {@code [first, first + count)} of the matrix that it was made from.
     *
     * @throws IndexOutOfBoundsException if these rows are not inside that matrix
     */
    public void moveTo(int first, int count) {
        if (first < 0 || count < 0 || first + count > capacityRows) {
            throw new IndexOutOfBoundsException("rows [%d, %d) of %d".formatted(first, first + count, capacityRows));
        }
        firstRow = first;
        rows = count;
        array = null;
        pointAtFirstRow();
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    /** Number of elements. */
    public long size() {
        return (long) rows * cols;
    }

    /**
     * The host bytes that this matrix lies in, in native order; its first element is at {@link #byteOffset}. After
     * writing through it call {@link #hostWritten}.
     */
    public ByteBuffer memory() {
        if (DEVICE_BACKEND) {
            Nd4j.getAffinityManager().ensureLocation(storage, Location.HOST);
        }
        return memory;
    }

    /** Byte position of element (0, 0) in {@link #memory}. */
    public int byteOffset() {
        return firstRow * cols * Float.BYTES;
    }

    /** Tells the backend that the bytes of {@link #memory} changed; nothing to do where host memory is all there is. */
    public void hostWritten() {
        if (DEVICE_BACKEND) {
            Nd4j.getAffinityManager().tagLocation(storage, Location.HOST);
        }
    }

    /** Native pointer to element (0, 0); do not change its position. */
    public FloatPointer pointer() {
        return pointer;
    }

    /** This matrix as an ND4J array [rows, cols] over the same memory; made at the first call after a move. */
    public INDArray array() {
        if (array == null) {
            array = block(0, rows, 0, cols);
        }
        return array;
    }

    /** A new ND4J view of rows and columns of this matrix. */
    INDArray block(int fromRow, int height, int fromCol, int width) {
        return Nd4j.create(
                storage.data(),
                new long[] {height, width},
                new long[] {cols, 1},
                storage.offset() + storageOffset + (long) (firstRow + fromRow) * cols + fromCol,
                'c');
    }

    /**
     * Overwrites all elements with those of another matrix of as many.
     *
     * @throws IllegalArgumentException if it has more or fewer
     */
    public void copyFrom(Matrix other) {
        if (other.size() != size()) {
            throw new IllegalArgumentException(other + " does not fill " + this);
        }
        memory().put(byteOffset(), other.memory(), other.byteOffset(), (int) (size() * Float.BYTES));
        hostWritten();
    }

    /**
     * Overwrites all elements with columns of another matrix of as many rows.
     *
     * @param first column of the other one from which on they are
     * @throws IllegalArgumentException if it has not as many
     */
    public void copyColumns(Matrix other, int first) {
        if (other.rows != rows || first < 0 || first + cols > other.cols) {
            throw new IllegalArgumentException(this + " is not the columns from " + first + " on of " + other);
        }
        ByteBuffer to = memory();
        ByteBuffer from = other.memory();
        for (int row = 0; row < rows; row++) {
            to.put(
                    byteOffset() + row * cols * Float.BYTES,
                    from,
                    other.byteOffset() + (row * other.cols + first) * Float.BYTES,
                    cols * Float.BYTES);
        }
        hostWritten();
    }

    /** Copies all elements, row after row, to the start of an array. */
    public void copyTo(float[] out) {
        memory(); // from a device, if there is one
        floats.get(firstRow * cols, out, 0, (int) size());
    }

    /** Overwrites all elements, row after row, with the first ones of an array. */
    public void copyFrom(float[] in) {
        floats.put(firstRow * cols, in, 0, (int) size());
        hostWritten();
    }

    /** One element; for tests, initial values and checkpoints, not for loops of a step. */
    public float get(int row, int col) {
        return memory().getFloat(byteOffset() + (row * cols + col) * Float.BYTES);
    }

    /** Sets one element; see {@link #get}. */
    public void set(int row, int col, float value) {
        memory().putFloat(byteOffset() + (row * cols + col) * Float.BYTES, value);
        hostWritten();
    }

    @Override
    public String toString() {
        return "Matrix[" + rows + ", " + cols + "]";
    }

    private void pointAtFirstRow() {
        pointer.position(storageOffset + (long) firstRow * cols);
    }

    private static ByteBuffer hostBytes(INDArray storage, long offset, long floats) {
        if (floats == 0) {
            return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
        }
        return new Span(storage.data().pointer(), offset * Float.BYTES, floats * Float.BYTES)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    /** A run of bytes inside the memory of another pointer, which must stay reachable. */
    private static final class Span extends BytePointer {
        Span(Pointer whole, long offset, long bytes) {
            this.address = whole.address() + offset;
            this.limit = bytes;
            this.capacity = bytes;
        }
    }
}
