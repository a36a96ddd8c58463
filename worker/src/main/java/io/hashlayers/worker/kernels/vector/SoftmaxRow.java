package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/** The passes of a softmax, beside the exponential, over one row of {@code count} floats at byte {@code at}. */
final class SoftmaxRow {
    private SoftmaxRow() {}

    static float max(ByteBuffer memory, int at, int count) {
        int full = SPECIES.loopBound(count);
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < full; i += LANES) {
            max = max.max(load(memory, at + i * Float.BYTES));
        }
        float rowMax = max.reduceLanes(MAX);
        for (int i = full; i < count; i++) {
            rowMax = Math.max(rowMax, memory.getFloat(at + i * Float.BYTES));
        }
        return rowMax;
    }

    static void scale(ByteBuffer memory, int at, int count, float factor) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            store(load(memory, at + i * Float.BYTES).mul(factor), memory, at + i * Float.BYTES);
        }
        for (int i = full; i < count; i++) {
            memory.putFloat(at + i * Float.BYTES, memory.getFloat(at + i * Float.BYTES) * factor);
        }
    }
}
