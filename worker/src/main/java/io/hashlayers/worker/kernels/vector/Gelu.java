package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;

import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * GELU in its tanh form on a row, written with the logistic function: {@code x s(x)}, {@code s(x) = 1 / (1 + e^w)},
 * {@code w = -2 sqrt(2/pi) (x + 0.044715 x^3)}; its derivative is {@code s - x w' s (1 - s)}.
 *
 * <p>Goes in short runs that stay in the first-level cache: all w, all exponentials, all results.
 */
final class Gelu {
    private static final int RUN = 1024; // floats
    private static final float LINEAR = -1.5957692f; // -2 sqrt(2/pi)
    private static final float CUBIC = LINEAR * 0.044715f;
    private static final float SATURATED = 20; // s is 0 or 1 in float32 well before

    private final float[] powers = new float[RUN];

    void forward(ByteBuffer x, int xAt, ByteBuffer out, int outAt, int count) {
        for (int first = 0; first < count; first += RUN) {
            int start = first * Float.BYTES;
            int length = Math.min(RUN, count - first);
            exponents(x, xAt + start, powers, length);
            Exponential.run(powers, 0, length, 0);
            values(x, xAt + start, powers, out, outAt + start, length);
        }
    }

    /** dx may be dout. */
    void backward(ByteBuffer x, int xAt, ByteBuffer dout, int doutAt, ByteBuffer dx, int dxAt, int count) {
        for (int first = 0; first < count; first += RUN) {
            int start = first * Float.BYTES;
            int length = Math.min(RUN, count - first);
            exponents(x, xAt + start, powers, length);
            Exponential.run(powers, 0, length, 0);
            gradients(x, xAt + start, powers, dout, doutAt + start, dx, dxAt + start, length);
        }
    }

    private static void exponents(ByteBuffer x, int xAt, float[] w, int count) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            FloatVector v = load(x, xAt + at);
            v.mul(v).mul(CUBIC).add(LINEAR).mul(v).min(Exponential.LARGEST).intoArray(w, i);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            float v = x.getFloat(xAt + at);
            w[i] = Math.min((v * v * CUBIC + LINEAR) * v, Exponential.LARGEST);
        }
    }

    private static void values(ByteBuffer x, int xAt, float[] powers, ByteBuffer out, int outAt, int count) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            store(
                    load(x, xAt + at)
                            .div(FloatVector.fromArray(SPECIES, powers, i).add(1f)),
                    out,
                    outAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            out.putFloat(outAt + at, x.getFloat(xAt + at) / (powers[i] + 1));
        }
    }

    private static void gradients(
            ByteBuffer x, int xAt, float[] powers, ByteBuffer dout, int doutAt, ByteBuffer dx, int dxAt, int count) {
        int full = SPECIES.loopBound(count);
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            FloatVector v = load(x, xAt + at).max(-SATURATED).min(SATURATED); // else 0 times infinity
            FloatVector s = one.div(FloatVector.fromArray(SPECIES, powers, i).add(1f));
            FloatVector dw = v.mul(v).mul(3 * CUBIC).add(LINEAR);
            FloatVector slope = s.sub(v.mul(dw).mul(s.sub(s.mul(s))));
            store(load(dout, doutAt + at).mul(slope), dx, dxAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            float v = Math.min(Math.max(x.getFloat(xAt + at), -SATURATED), SATURATED);
            float s = 1 / (powers[i] + 1);
            float dw = v * v * 3 * CUBIC + LINEAR;
            dx.putFloat(dxAt + at, dout.getFloat(doutAt + at) * (s - v * dw * (s - s * s)));
        }
    }
}
