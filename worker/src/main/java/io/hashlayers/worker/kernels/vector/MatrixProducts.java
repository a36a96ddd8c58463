package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Blas;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.kernels.Nd4jMatmul;
import org.jspecify.annotations.Nullable;

/** The three products of whole matrices: by oneDNN through ND4J where that is faster, else by OpenBLAS. */
final class MatrixProducts {
    /** Multiplications from which oneDNN is faster, although ND4J takes 7 us to reach it. */
    private static final long LARGE = 1L << 18;

    private final @Nullable Nd4jMatmul oneDnn = Nd4jMatmul.byOneDnn() ? new Nd4jMatmul() : null;

    String description() {
        return oneDnn == null ? "OpenBLAS" : "oneDNN and OpenBLAS";
    }

    void plain(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(false, false, a.cols(), a, b, c, accumulate);
    }

    void nt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(false, true, a.cols(), a, b, c, accumulate);
    }

    void tn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(true, false, a.rows(), a, b, c, accumulate);
    }

    private void product(
            boolean transposeA, boolean transposeB, int inner, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        int m = c.rows();
        int n = c.cols();
        float beta = accumulate ? 1 : 0;
        if (oneDnn != null && (long) m * n * inner >= LARGE) {
            oneDnn.gemm(transposeA, transposeB, m, n, inner, a.pointer(), b.pointer(), beta, c.pointer());
            return;
        }
        Blas.gemm(
                transposeA,
                transposeB,
                m,
                n,
                inner,
                1,
                a.pointer(),
                a.cols(),
                b.pointer(),
                b.cols(),
                beta,
                c.pointer(),
                n);
    }
}
