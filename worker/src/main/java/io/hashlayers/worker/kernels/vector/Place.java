package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import org.bytedeco.javacpp.Pointer;

/**
 * An address as native code reads it that takes any pointer: such code counts the position of a pointer in bytes. One object is
 * moved from place to place, and does not keep what lies there from being freed.
 */
final class Place extends Pointer {
    /** Moves to where a matrix begins. */
    Place at(Matrix matrix) {
        return at(matrix.pointer(), matrix.pointer().position() * Float.BYTES);
    }

    /** Moves to a number of bytes behind the address of a pointer. */
    Place at(Pointer pointer, long bytes) {
        address = pointer.address() + bytes;
        return this;
    }
}
