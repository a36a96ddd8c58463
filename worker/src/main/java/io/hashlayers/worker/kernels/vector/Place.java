package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Where a matrix begins, as native code reads it that takes any pointer: such code counts the position of a pointer in bytes.
 * One object is moved from matrix to matrix.
 */
final class Place extends Pointer {
    /** Moves to an element of a matrix, counted row after row from its first one. */
    Place at(Matrix matrix, long element) {
        FloatPointer first = matrix.pointer();
        address = first.address() + (first.position() + element) * Float.BYTES;
        return this;
    }
}
