package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** {@link Kernels#layerNorm} and its backward pass by ND4J operations. */
final class Nd4jLayerNorm {
    private static final double EPSILON = 1e-5;

    private final Nd4jScratch scratch;

    Nd4jLayerNorm(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    void forward(INDArray x, INDArray gamma, INDArray beta, INDArray y, Matrix stats) {
        INDArray mean = scratch.take(x.rows(), 1);
        INDArray rstd = scratch.take(x.rows(), 1);
        x.mean(mean, true, 1);
        INDArray centred = scratch.copy(x).subiColumnVector(mean);
        INDArray squares = scratch.copy(centred);
        squares.muli(centred).mean(rstd, true, 1);
        Transforms.sqrt(rstd.addi(EPSILON), false).rdivi(1);

        y.assign(centred).muliColumnVector(rstd).muliRowVector(gamma).addiRowVector(beta);
        stats.block(0, stats.rows(), 0, 1).assign(mean);
        stats.block(0, stats.rows(), 1, 1).assign(rstd);
    }

    /**
     * With {@code n = (x - mean) rstd} and {@code g = dy gamma}: {@code dx += rstd (g - mean(g) - n mean(g n))},
     * {@code dgamma += } column sums of {@code dy n}, {@code dbeta += } column sums of dy.
     */
    void backward(INDArray dy, INDArray x, Matrix stats, INDArray gamma, INDArray dx, INDArray dgamma, INDArray dbeta) {
        INDArray mean = scratch.copy(stats.block(0, stats.rows(), 0, 1));
        INDArray rstd = scratch.copy(stats.block(0, stats.rows(), 1, 1));
        INDArray n = scratch.copy(x).subiColumnVector(mean).muliColumnVector(rstd);
        INDArray product = scratch.copy(dy).muli(n);
        INDArray columnSums = scratch.like(gamma);
        dgamma.addi(product.sum(columnSums, true, 0));
        dbeta.addi(dy.sum(columnSums, true, 0));

        INDArray rowMeans = scratch.like(mean);
        product.muliRowVector(gamma).mean(rowMeans, true, 1); // mean(g n)
        INDArray g = scratch.copy(dy).muliRowVector(gamma);
        n.muliColumnVector(rowMeans);
        g.mean(rowMeans, true, 1);
        dx.addi(g.subiColumnVector(rowMeans).subi(n).muliColumnVector(rstd));
    }
}
