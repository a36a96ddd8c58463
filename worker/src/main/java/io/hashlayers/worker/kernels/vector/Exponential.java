package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;

/**
 * The exponential of runs of floats, our own so that results do not depend on a mathematical library.
 *
 * <p>Within 1 unit in the last place for arguments in [-87.3, 88.3]. Below, it falls to 0, exactly from -88 on; above, it is
 * infinity, from 88.4 on, where float32 would reach 88.7, to {@link #LARGEST}. Larger arguments are the
 * caller's to avoid: a softmax has none, and to limit them here costs a quarter of the time. NaN stays NaN.
 *
 * <p>{@code x = n ln 2 + r}, {@code e^x = 2^n e^r} with a polynomial of degree 6 for {@code |r| <= ln(2) / 2}, fitted for the
 * least relative error (3e-9) with its two lowest coefficients held at 1.
 */
final class Exponential {
    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 355f / 512; // has 9 bits, so n * LN2_HIGH is exact
    private static final float LN2_LOW = -2.1219444e-4f;
    private static final float ROUND = 12582912f; // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
    private static final float SMALLEST = -88f; // n = -127, of which 2^n comes out as 0
    static final float LARGEST = 89f; // n = 128, of which 2^n comes out as infinity
    private static final float P6 = 1.3814539e-3f;
    private static final float P5 = 8.368745e-3f;
    private static final float P4 = 4.166839e-2f;
    private static final float P3 = 0.16666521f;
    private static final float P2 = 0.49999994f;
    private static final int EXPONENT_BIAS = 127;
    private static final int MANTISSA_BITS = 23;

    private Exponential() {}

    /**
     * {@code x = e^(x - shift)} on {@code count} floats from {@code at} on.
     *
     * @return the sum of the results
     */
    static float run(float[] floats, int at, int count, float shift) {
        int full = at + SPECIES.loopBound(count);
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = at; i < full; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, floats, i).sub(shift).max(SMALLEST);
            FloatVector shifted = x.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUND));
            FloatVector n = shifted.sub(ROUND);
            FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), x);
            r = n.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
            FloatVector p = FloatVector.broadcast(SPECIES, P6);
            p = p.fma(r, FloatVector.broadcast(SPECIES, P5));
            p = p.fma(r, FloatVector.broadcast(SPECIES, P4));
            p = p.fma(r, FloatVector.broadcast(SPECIES, P3));
            p = p.fma(r, FloatVector.broadcast(SPECIES, P2));
            p = p.fma(r, one).fma(r, one);
            FloatVector power = shifted.reinterpretAsInts()
                    .add(EXPONENT_BIAS)
                    .lanewise(LSHL, MANTISSA_BITS)
                    .reinterpretAsFloats(); // 2^n
            FloatVector result = p.mul(power);
            result.intoArray(floats, i);
            sum = sum.add(result);
        }
        float total = sum.reduceLanes(ADD);
        for (int i = full; i < at + count; i++) {
            floats[i] = of(floats[i] - shift);
            total += floats[i];
        }
        return total;
    }

    /** The same for one element, bit for bit. */
    private static float of(float argument) {
        float x = Math.max(argument, SMALLEST);
        float shifted = Math.fma(x, LOG2_E, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float p = Math.fma(P6, r, P5);
        p = Math.fma(p, r, P4);
        p = Math.fma(p, r, P3);
        p = Math.fma(p, r, P2);
        p = Math.fma(Math.fma(p, r, 1f), r, 1f);
        return p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) + EXPONENT_BIAS) << MANTISSA_BITS);
    }
}
