package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Row-major matrix products by {@code Nd4j.gemm}.
 *
 * <p>BLAS wants a column-major output, or ND4J multiplies into a copy: so this computes {@code C^T = op(B)^T op(A)^T} on
 * transposed views, which is the same memory.
 */
final class Nd4jProducts {
    private Nd4jProducts() {}

    /** {@code c = op(a) op(b) + beta c}, where op transposes if its flag is set; all row-major. */
    static void gemm(INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray c, double beta) {
        Nd4j.gemm(b.transpose(), a.transpose(), c.transpose(), transposeB, transposeA, 1, beta);
    }
}
