package io.hashlayers.worker.kernels.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of this machine and access to matrix memory. Two rules keep loops over vectors fast on JDK 17:
 *
 * <ul>
 *   <li>No vector is an argument or result of a method of ours other than these two accessors: when the compiler decides not
 *       to inline such a method, which depends on what it compiled before, each vector becomes an object.
 *   <li>Elements that fill no vector are computed one by one: masked stores allocate and loop in Java.
 * </ul>
 */
final class Vectors {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Vectors() {}

    static FloatVector load(ByteBuffer memory, int offset) {
        return FloatVector.fromByteBuffer(SPECIES, memory, offset, ORDER);
    }

    static void store(FloatVector vector, ByteBuffer memory, int offset) {
        vector.intoByteBuffer(memory, offset, ORDER);
    }
}
