package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.GT;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/** {@code max(0, x)} on a run of floats. */
final class Relu {
    private Relu() {}

    static void forward(ByteBuffer x, int xAt, ByteBuffer out, int outAt, int count) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            store(load(x, xAt + at).max(0f), out, outAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            out.putFloat(outAt + at, Math.max(x.getFloat(xAt + at), 0f));
        }
    }

    static void backward(ByteBuffer x, int xAt, ByteBuffer dout, int doutAt, ByteBuffer dx, int dxAt, int count) {
        int full = SPECIES.loopBound(count);
        FloatVector zero = FloatVector.zero(SPECIES);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            store(zero.blend(load(dout, doutAt + at), load(x, xAt + at).compare(GT, 0f)), dx, dxAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            dx.putFloat(dxAt + at, x.getFloat(xAt + at) > 0 ? dout.getFloat(doutAt + at) : 0);
        }
    }
}
