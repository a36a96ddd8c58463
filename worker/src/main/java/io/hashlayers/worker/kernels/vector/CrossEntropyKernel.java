package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Softmax cross-entropy, a row at a time while it is in the cache: maximum, exponentials and sum, gradient in place. */
final class CrossEntropyKernel {
    private static final int CHUNK = 1024; // floats

    private final ByteBuffer unused =
            ByteBuffer.allocateDirect(CHUNK * Float.BYTES).order(ByteOrder.nativeOrder());

    double run(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        ByteBuffer memory = logits.memory();
        int cols = logits.cols();
        double nats = 0;
        for (int row = 0; row < logits.rows(); row++) {
            int at = logits.byteOffset() + row * cols * Float.BYTES;
            int target = targets[firstTarget + row];
            if (target >= 0) {
                nats += gradientScale == 0
                        ? loss(memory, at, cols, target)
                        : lossAndGradient(memory, at, cols, target, gradientScale);
            } else if (gradientScale != 0) {
                ElementwiseKernel.zero(memory, at, cols);
            }
        }
        return nats;
    }

    /** Leaves the logits as they are, so the exponentials go where nobody reads them. */
    private double loss(ByteBuffer memory, int at, int cols, int target) {
        float max = SoftmaxRow.max(memory, at, cols);
        float sum = 0;
        for (int first = 0; first < cols; first += CHUNK) {
            int count = Math.min(CHUNK, cols - first);
            sum += Exponential.run(memory, at + first * Float.BYTES, unused, 0, count, max);
        }
        return Math.log(sum) + max - memory.getFloat(at + target * Float.BYTES);
    }

    private static double lossAndGradient(ByteBuffer memory, int at, int cols, int target, float scale) {
        int targetAt = at + target * Float.BYTES;
        float targetLogit = memory.getFloat(targetAt);
        float max = SoftmaxRow.max(memory, at, cols);
        float sum = Exponential.run(memory, at, memory, at, cols, max);
        SoftmaxRow.scale(memory, at, cols, scale / sum);
        memory.putFloat(targetAt, memory.getFloat(targetAt) - scale);
        return Math.log(sum) + max - targetLogit;
    }
}
