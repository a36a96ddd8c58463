package io.hashlayers.worker.kernels;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * {@link Kernels#causalAttention} and its backward pass by ND4J operations, one head of one sequence at a time.
 *
 * <p>In the comments S is the length of a sequence and C the width of a head.
 */
final class Nd4jAttention {
    private final Nd4jScratch scratch;
    private INDArray causalMask = Nd4j.zeros(1, 1);

    Nd4jAttention(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    void forward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        for (int first = 0; first < qkv.rows(); first += sequenceLength) {
            for (int head = 0; head < heads; head++) {
                scratch.reset();
                forward(
                        new Head(qkv, first, sequenceLength, heads, head),
                        block(out, first, sequenceLength, heads, head),
                        block(logSumExp, first, sequenceLength, heads, head));
            }
        }
    }

    void backward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        for (int first = 0; first < qkv.rows(); first += sequenceLength) {
            for (int head = 0; head < heads; head++) {
                scratch.reset();
                backward(
                        new Head(qkv, first, sequenceLength, heads, head),
                        scratch.copy(block(out, first, sequenceLength, heads, head)),
                        scratch.copy(block(logSumExp, first, sequenceLength, heads, head)),
                        scratch.copy(block(dout, first, sequenceLength, heads, head)),
                        new Head(dqkv, first, sequenceLength, heads, head));
            }
        }
    }

    private void forward(Head head, INDArray out, INDArray logSumExp) {
        INDArray scores = scores(head); // [S, S]
        INDArray max = scratch.take(scores.rows(), 1);
        INDArray sum = scratch.take(scores.rows(), 1);
        Nd4j.exec(new Max(scores, null, max, true, new int[] {1}));
        Transforms.exp(scores.subiColumnVector(max), false).sum(sum, true, 1);
        scores.diviColumnVector(sum);

        INDArray weighted = scratch.like(head.q); // [S, C]
        Nd4jProducts.gemm(scores, false, scratch.copy(head.v), false, weighted, 0);
        out.assign(weighted);
        logSumExp.assign(Transforms.log(sum, false).addi(max));
    }

    /** With {@code P} the probabilities: {@code dV = P^T dO}, {@code dS = P * (dO V^T - rowsum(dO * O))}. */
    private void backward(Head head, INDArray out, INDArray logSumExp, INDArray dout, Head gradient) {
        INDArray q = scratch.copy(head.q);
        INDArray k = scratch.copy(head.k);
        INDArray v = scratch.copy(head.v);
        INDArray p = Transforms.exp(scores(head).subiColumnVector(logSumExp), false); // [S, S]
        INDArray result = scratch.like(q); // [S, C]
        Nd4jProducts.gemm(p, true, dout, false, result, 0);
        gradient.v.assign(result);

        INDArray rowSums = scratch.like(logSumExp);
        out.muli(dout).sum(rowSums, true, 1);
        INDArray ds = scratch.like(p);
        Nd4jProducts.gemm(dout, false, v, true, ds, 0);
        ds.subiColumnVector(rowSums).muli(p).muli(head.scale);
        Nd4jProducts.gemm(ds, false, k, false, result, 0);
        gradient.q.assign(result);
        Nd4jProducts.gemm(ds, true, q, false, result, 0);
        gradient.k.assign(result);
    }

    /** {@code Q K^T / sqrt(C)} with minus infinity right of the diagonal, [S, S]. */
    private INDArray scores(Head head) {
        INDArray scores = scratch.take(head.q.rows(), head.q.rows());
        Nd4jProducts.gemm(scratch.copy(head.q), false, scratch.copy(head.k), true, scores, 0);
        return scores.muli(head.scale).addi(causalMask(head.q.rows()));
    }

    private INDArray causalMask(int length) {
        if (causalMask.rows() != length) {
            float[][] mask = new float[length][length];
            for (int row = 0; row < length; row++) {
                Arrays.fill(mask[row], row + 1, length, Float.NEGATIVE_INFINITY);
            }
            causalMask = Nd4j.createFromArray(mask);
        }
        return causalMask;
    }

    private static INDArray block(Matrix matrix, int firstRow, int rows, int blocks, int block) {
        int width = matrix.cols() / blocks;
        return matrix.block(firstRow, rows, block * width, width);
    }

    /** Views of the queries, keys and values of one head of one sequence, each [S, C]. */
    private static final class Head {
        final INDArray q;
        final INDArray k;
        final INDArray v;
        final double scale;

        Head(Matrix qkv, int firstRow, int rows, int heads, int head) {
            this.q = block(qkv, firstRow, rows, 3 * heads, head);
            this.k = block(qkv, firstRow, rows, 3 * heads, heads + head);
            this.v = block(qkv, firstRow, rows, 3 * heads, 2 * heads + head);
            this.scale = 1 / Math.sqrt(q.columns());
        }
    }
}
