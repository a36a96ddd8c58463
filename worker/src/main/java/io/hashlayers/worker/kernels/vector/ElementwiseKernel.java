package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.F2D;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Sum, zero, multiple, dot product and norm of matrices or rows taken as runs of elements. */
final class ElementwiseKernel {
    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

    private ElementwiseKernel() {}

    static void add(Matrix x, Matrix y) {
        add(y.memory(), y.byteOffset(), x.memory(), x.byteOffset(), (int) x.size());
    }

    /** {@code to += from}. */
    static void add(ByteBuffer from, int fromAt, ByteBuffer to, int toAt, int count) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            store(load(to, toAt + at).add(load(from, fromAt + at)), to, toAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            to.putFloat(toAt + at, to.getFloat(toAt + at) + from.getFloat(fromAt + at));
        }
    }

    /** {@code to = factor * from}. */
    static void scale(ByteBuffer from, int fromAt, float factor, ByteBuffer to, int toAt, int count) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            store(load(from, fromAt + at).mul(factor), to, toAt + at);
        }
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            to.putFloat(toAt + at, from.getFloat(fromAt + at) * factor);
        }
    }

    static float dot(ByteBuffer a, int aAt, ByteBuffer b, int bAt, int count) {
        int full = SPECIES.loopBound(count);
        FloatVector sums = FloatVector.zero(SPECIES);
        for (int i = 0; i < full; i += LANES) {
            int at = i * Float.BYTES;
            sums = load(a, aAt + at).fma(load(b, bAt + at), sums);
        }
        float sum = sums.reduceLanes(ADD);
        for (int i = full; i < count; i++) {
            int at = i * Float.BYTES;
            sum += a.getFloat(aAt + at) * b.getFloat(bAt + at);
        }
        return sum;
    }

    static void zero(Matrix x) {
        zero(x.memory(), x.byteOffset(), (int) x.size());
    }

    static void zero(ByteBuffer memory, int at, int count) {
        FloatVector zero = FloatVector.zero(SPECIES);
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            store(zero, memory, at + i * Float.BYTES);
        }
        for (int i = full; i < count; i++) {
            memory.putFloat(at + i * Float.BYTES, 0f);
        }
    }

    static double sumOfSquares(Matrix x) {
        ByteBuffer memory = x.memory();
        int at = x.byteOffset();
        int count = (int) x.size();
        int full = SPECIES.loopBound(count);
        DoubleVector low = DoubleVector.zero(DOUBLES);
        DoubleVector high = DoubleVector.zero(DOUBLES);
        for (int i = 0; i < full; i += LANES) {
            FloatVector v = load(memory, at + i * Float.BYTES);
            DoubleVector a = (DoubleVector) v.convertShape(F2D, DOUBLES, 0);
            DoubleVector b = (DoubleVector) v.convertShape(F2D, DOUBLES, 1);
            low = a.fma(a, low);
            high = b.fma(b, high);
        }
        double sum = low.add(high).reduceLanes(ADD);
        for (int i = full; i < count; i++) {
            double element = memory.getFloat(at + i * Float.BYTES);
            sum += element * element;
        }
        return sum;
    }
}
