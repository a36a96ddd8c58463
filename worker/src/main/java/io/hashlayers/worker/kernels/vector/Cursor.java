package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import org.bytedeco.javacpp.FloatPointer;

/** A movable pointer into matrices, so that a product on a part of one allocates nothing. */
final class Cursor extends FloatPointer {
    /** Points at element (row, col) of {@code matrix}, which must stay reachable. */
    Cursor at(Matrix matrix, int row, int col) {
        FloatPointer start = matrix.pointer();
        address = start.address() + (start.position() + (long) row * matrix.cols() + col) * Float.BYTES;
        return this;
    }
}
