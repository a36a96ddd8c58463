package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Blas;
import io.hashlayers.worker.kernels.Matrix;

/** The three products of whole matrices, by OpenBLAS. */
final class MatrixProducts {
    private MatrixProducts() {}

    static void plain(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(false, false, a.cols(), a, b, c, accumulate);
    }

    static void nt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(false, true, a.cols(), a, b, c, accumulate);
    }

    static void tn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        product(true, false, a.rows(), a, b, c, accumulate);
    }

    private static void product(
            boolean transposeA, boolean transposeB, int inner, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Blas.gemm(
                transposeA,
                transposeB,
                c.rows(),
                c.cols(),
                inner,
                1,
                a.pointer(),
                a.cols(),
                b.pointer(),
                b.cols(),
                accumulate ? 1 : 0,
                c.pointer(),
                c.cols());
    }
}
