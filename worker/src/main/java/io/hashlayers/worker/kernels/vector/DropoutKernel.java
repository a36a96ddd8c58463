package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.hashlayers.worker.kernels.DropoutHash;
import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Dropout by {@link DropoutHash}, whose {@code uniform} is repeated here for a vector of columns. */
final class DropoutKernel {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final IntVector LANE_NUMBERS = IntVector.zero(INTS).addIndex(1);

    private DropoutKernel() {}

    static void run(Matrix x, float probability, long seed, long firstRow) {
        int threshold = DropoutHash.threshold(probability);
        float kept = 1 / (1 - probability);
        for (int row = 0; row < x.rows(); row++) {
            long key = DropoutHash.rowKey(seed, firstRow + row);
            int at = x.byteOffset() + row * x.cols() * Float.BYTES;
            row(x.memory(), at, x.cols(), (int) key, (int) (key >>> Integer.SIZE), threshold, kept);
        }
    }

    private static void row(
            ByteBuffer memory, int rowAt, int cols, int keyLow, int keyHigh, int threshold, float kept) {
        int full = SPECIES.loopBound(cols);
        for (int col = 0; col < full; col += LANES) {
            int at = rowAt + col * Float.BYTES;
            IntVector hash = mix(mix(LANE_NUMBERS.add(keyLow + col)).lanewise(XOR, keyHigh));
            IntVector distance =
                    hash.lanewise(LSHR, Integer.SIZE - DropoutHash.BITS).sub(threshold);
            IntVector keep = distance.lanewise(ASHR, Integer.SIZE - 1).not(); // all ones, or 0 where dropped
            IntVector bits = load(memory, at).mul(kept).reinterpretAsInts().and(keep);
            store(bits.reinterpretAsFloats(), memory, at);
        }
        for (int col = full; col < cols; col++) {
            int at = rowAt + col * Float.BYTES;
            boolean dropped = DropoutHash.uniform(keyLow, keyHigh, col) < threshold;
            memory.putFloat(at, dropped ? 0 : memory.getFloat(at) * kept);
        }
    }

    static void jitter(Matrix x, float width, long seed, long firstRow) {
        for (int row = 0; row < x.rows(); row++) {
            long key = DropoutHash.rowKey(seed, firstRow + row);
            int at = x.byteOffset() + row * x.cols() * Float.BYTES;
            jitterRow(x.memory(), at, x.cols(), (int) key, (int) (key >>> Integer.SIZE), width);
        }
    }

    private static void jitterRow(ByteBuffer memory, int rowAt, int cols, int keyLow, int keyHigh, float width) {
        int full = SPECIES.loopBound(cols);
        float step = 2 * width / (1 << DropoutHash.BITS);
        for (int col = 0; col < full; col += LANES) {
            int at = rowAt + col * Float.BYTES;
            IntVector hash = mix(mix(LANE_NUMBERS.add(keyLow + col)).lanewise(XOR, keyHigh));
            FloatVector uniform = (FloatVector)
                    hash.lanewise(LSHR, Integer.SIZE - DropoutHash.BITS).convert(I2F, 0);
            store(load(memory, at).mul(uniform.mul(step).add(1 - width)), memory, at);
        }
        for (int col = full; col < cols; col++) {
            int at = rowAt + col * Float.BYTES;
            memory.putFloat(at, memory.getFloat(at) * DropoutHash.around1(width, keyLow, keyHigh, col));
        }
    }

    private static IntVector mix(IntVector x) {
        IntVector y = x.lanewise(XOR, x.lanewise(LSHR, 16)).mul(DropoutHash.MIX_1);
        y = y.lanewise(XOR, y.lanewise(LSHR, 15)).mul(DropoutHash.MIX_2);
        return y.lanewise(XOR, y.lanewise(LSHR, 16));
    }
}
