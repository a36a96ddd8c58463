package io.hashlayers.driver.bench;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;

/** The matrix-product rate that one rank reaches on a product that fits its kernels best. */
final class SgemmPeak {
    private static final int SIZE = 1024;

    private final Kernels kernels;
    private final Matrix a = Matrix.allocate(SIZE, SIZE);
    private final Matrix b = Matrix.allocate(SIZE, SIZE);
    private final Matrix c = Matrix.allocate(SIZE, SIZE);

    SgemmPeak(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Multiplies for about {@code seconds} and returns the floating-point operations of a second. */
    double measure(double seconds) {
        kernels.matmul(a, b, c, false);
        long start = System.nanoTime();
        long products = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            kernels.matmul(a, b, c, false);
            products++;
        }
        return products * 2.0 * SIZE * SIZE * SIZE / ((System.nanoTime() - start) * 1e-9);
    }
}
