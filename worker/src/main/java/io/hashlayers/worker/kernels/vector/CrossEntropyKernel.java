package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.MAX;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/** Softmax cross-entropy: each row is read once, turned into exponentials in an array, and its gradient written in place. */
final class CrossEntropyKernel {
    private float[] exponentials = new float[0]; // of one row

    double run(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        ByteBuffer memory = logits.memory();
        int cols = logits.cols();
        if (exponentials.length < cols) {
            exponentials = new float[cols];
        }
        double nats = 0;
        for (int row = 0; row < logits.rows(); row++) {
            int at = logits.byteOffset() + row * cols * Float.BYTES;
            int target = targets[firstTarget + row];
            if (target >= 0) {
                nats += row(memory, at, cols, target, gradientScale);
            } else if (gradientScale != 0) {
                ElementwiseKernel.zero(memory, at, cols);
            }
        }
        return nats;
    }

    private double row(ByteBuffer memory, int at, int cols, int target, float gradientScale) {
        int targetAt = at + target * Float.BYTES;
        float targetLogit = memory.getFloat(targetAt);
        float max = copyWithMax(memory, at, exponentials, cols);
        float sum = Exponential.run(exponentials, 0, cols, max);
        if (gradientScale != 0) {
            writeScaled(exponentials, cols, gradientScale / sum, memory, at);
            memory.putFloat(targetAt, memory.getFloat(targetAt) - gradientScale);
        }
        return Math.log(sum) + max - targetLogit;
    }

    private static float copyWithMax(ByteBuffer from, int at, float[] to, int count) {
        int full = SPECIES.loopBound(count);
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < full; i += LANES) {
            FloatVector x = load(from, at + i * Float.BYTES);
            x.intoArray(to, i);
            max = max.max(x);
        }
        float most = max.reduceLanes(MAX);
        for (int i = full; i < count; i++) {
            to[i] = from.getFloat(at + i * Float.BYTES);
            most = Math.max(most, to[i]);
        }
        return most;
    }

    private static void writeScaled(float[] from, int count, float factor, ByteBuffer to, int at) {
        int full = SPECIES.loopBound(count);
        for (int i = 0; i < full; i += LANES) {
            store(FloatVector.fromArray(SPECIES, from, i).mul(factor), to, at + i * Float.BYTES);
        }
        for (int i = full; i < count; i++) {
            to.putFloat(at + i * Float.BYTES, from[i] * factor);
        }
    }
}
