package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.ADD;

import io.hashlayers.worker.kernels.Blas;
import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention, a block of queries of one head at a time.
 *
 * <p>Only the scores of one block exist, {@code [block, keys up to its end]}; keys in the future are skipped. The backward
 * pass recomputes the probabilities from the saved log-sum-exp, as FlashAttention does (arXiv 2205.14135).
 *
 * <p>Rows of scores begin at a multiple of the vector length. What lies between the last visible key and the end of its
 * vector is set to minus infinity before the exponential, so that no loop here has a tail.
 */
final class AttentionKernel {
    private static final int BLOCK = 64; // queries; 32 and 128 were slower on sequences of 128 and 512

    private final Cursor q = new Cursor();
    private final Cursor k = new Cursor();
    private final Cursor v = new Cursor();
    private final Cursor o = new Cursor();
    private final Cursor dq = new Cursor();
    private final Cursor dk = new Cursor();
    private final Cursor dv = new Cursor();
    private Matrix scores = Matrix.allocate(BLOCK, LANES);
    private Matrix dScores = Matrix.allocate(BLOCK, LANES);

    // Where one block of queries of one head lies; set anew for every block.
    private int sequence; // row of its first token
    private int first; // token of its first query, within the sequence
    private int queries;
    private int keys;
    private int head;
    private int headWidth;
    private int width; // of all heads
    private float scale;

    void forward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        prepare(qkv, heads, sequenceLength);
        for (sequence = 0; sequence < qkv.rows(); sequence += sequenceLength) {
            for (head = 0; head < heads; head++) {
                for (first = 0; first < sequenceLength; first += BLOCK) {
                    pointAtBlock(qkv, out, sequenceLength);
                    scores();
                    softmax(logSumExp);
                    int stride = scores.cols();
                    // O = P V
                    Blas.gemm(
                            false,
                            false,
                            queries,
                            headWidth,
                            keys,
                            1,
                            scores.pointer(),
                            stride,
                            v,
                            3 * width,
                            0,
                            o,
                            width);
                }
            }
        }
    }

    void backward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        prepare(qkv, heads, sequenceLength);
        int lastBlock = (sequenceLength - 1) / BLOCK * BLOCK;
        for (sequence = 0; sequence < qkv.rows(); sequence += sequenceLength) {
            for (head = 0; head < heads; head++) {
                // From the end: the last block reaches all keys and writes their gradients, the others add.
                for (first = lastBlock; first >= 0; first -= BLOCK) {
                    pointAtBlock(qkv, dout, sequenceLength);
                    pointAtGradients(dqkv);
                    scores();
                    probabilities(logSumExp);
                    gradients(out, dout, first == lastBlock ? 0 : 1);
                }
            }
        }
    }

    /** {@code dV += P^T dO}, {@code dS = P (dO V^T - rowsum(dO O))}, {@code dQ = dS K}, {@code dK += dS^T Q}. */
    private void gradients(Matrix out, Matrix dout, float beta) {
        int wide = 3 * width;
        int stride = scores.cols();
        Blas.gemm(true, false, keys, headWidth, queries, 1, scores.pointer(), stride, o, width, beta, dv, wide);
        Blas.gemm(false, true, queries, keys, headWidth, 1, o, width, v, wide, 0, dScores.pointer(), stride);
        scoreGradient(out, dout);
        Blas.gemm(false, false, queries, headWidth, keys, scale, dScores.pointer(), stride, k, wide, 0, dq, wide);
        Blas.gemm(true, false, keys, headWidth, queries, scale, dScores.pointer(), stride, q, wide, beta, dk, wide);
    }

    private void prepare(Matrix qkv, int heads, int sequenceLength) {
        width = qkv.cols() / 3;
        headWidth = width / heads;
        scale = (float) (1 / Math.sqrt(headWidth));
        if (scores.cols() < sequenceLength) {
            scores = Matrix.allocate(BLOCK, wholeVectors(sequenceLength));
            dScores = Matrix.allocate(BLOCK, wholeVectors(sequenceLength));
        }
    }

    private void pointAtBlock(Matrix qkv, Matrix heads, int sequenceLength) {
        queries = Math.min(BLOCK, sequenceLength - first);
        keys = first + queries;
        q.at(qkv, sequence + first, head * headWidth);
        k.at(qkv, sequence, width + head * headWidth);
        v.at(qkv, sequence, 2 * width + head * headWidth);
        o.at(heads, sequence + first, head * headWidth);
    }

    private void pointAtGradients(Matrix dqkv) {
        dq.at(dqkv, sequence + first, head * headWidth);
        dk.at(dqkv, sequence, width + head * headWidth);
        dv.at(dqkv, sequence, 2 * width + head * headWidth);
    }

    /** {@code S = Q K^T / sqrt(width of a head)}. */
    private void scores() {
        Blas.gemm(
                false,
                true,
                queries,
                keys,
                headWidth,
                scale,
                q,
                3 * width,
                k,
                3 * width,
                0,
                scores.pointer(),
                scores.cols());
    }

    private void softmax(Matrix logSumExp) {
        ByteBuffer memory = scores.memory();
        for (int query = 0; query < queries; query++) {
            int at = query * scores.cols() * Float.BYTES;
            int count = hideFuture(memory, at, query);
            float max = SoftmaxRow.max(memory, at, count);
            float sum = Exponential.run(memory, at, memory, at, count, max);
            SoftmaxRow.scale(memory, at, count, 1 / sum);
            logSumExp.memory().putFloat(saved(logSumExp, query), (float) (max + Math.log(sum)));
        }
    }

    private void probabilities(Matrix logSumExp) {
        ByteBuffer memory = scores.memory();
        for (int query = 0; query < queries; query++) {
            int at = query * scores.cols() * Float.BYTES;
            int count = hideFuture(memory, at, query);
            Exponential.run(memory, at, memory, at, count, logSumExp.memory().getFloat(saved(logSumExp, query)));
        }
    }

    /**
     * Sets the keys after a query to minus infinity up to the end of a vector and to probability 0 beyond.
     *
     * @return elements up to the end of that vector
     */
    private int hideFuture(ByteBuffer memory, int at, int query) {
        int visible = first + query + 1;
        int count = wholeVectors(visible);
        for (int key = visible; key < count; key++) {
            memory.putFloat(at + key * Float.BYTES, Float.NEGATIVE_INFINITY);
        }
        if (count < keys) {
            ElementwiseKernel.zero(memory, at + count * Float.BYTES, keys - count);
        }
        return count;
    }

    private int saved(Matrix logSumExp, int query) {
        return logSumExp.byteOffset() + ((sequence + first + query) * logSumExp.cols() + head) * Float.BYTES;
    }

    /** Turns dP into dS, both in {@link #dScores}, without the factor of the scores. */
    private void scoreGradient(Matrix out, Matrix dout) {
        for (int query = 0; query < queries; query++) {
            int headAt = ((sequence + first + query) * width + head * headWidth) * Float.BYTES;
            float mean = dot(out.memory(), out.byteOffset() + headAt, dout.memory(), dout.byteOffset() + headAt);
            int at = query * scores.cols() * Float.BYTES;
            scoreGradientRow(scores.memory(), dScores.memory(), at, wholeVectors(keys), mean);
        }
    }

    private static void scoreGradientRow(ByteBuffer p, ByteBuffer dP, int at, int count, float mean) {
        for (int key = 0; key < count; key += LANES) {
            int here = at + key * Float.BYTES;
            store(load(dP, here).sub(mean).mul(load(p, here)), dP, here);
        }
    }

    private float dot(ByteBuffer a, int aAt, ByteBuffer b, int bAt) {
        int full = SPECIES.loopBound(headWidth);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = 0; i < full; i += LANES) {
            sum = load(a, aAt + i * Float.BYTES).fma(load(b, bAt + i * Float.BYTES), sum);
        }
        float total = sum.reduceLanes(ADD);
        for (int i = full; i < headWidth; i++) {
            total += a.getFloat(aAt + i * Float.BYTES) * b.getFloat(bAt + i * Float.BYTES);
        }
        return total;
    }

    private static int wholeVectors(int floats) {
        return (floats + LANES - 1) / LANES * LANES;
    }
}
