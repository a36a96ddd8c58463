package io.hashlayers.driver.bench;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;

/** What one rank reaches at most while all others do the same: the rates that kernels are compared with. */
final class MachineLimits {
    private static final int SIZE = 1024;
    /** 64 MiB, beyond the cache of any core. */
    private static final int STREAM_ROWS = 16 * SIZE;

    private final Kernels kernels;
    private final Matrix a = Matrix.allocate(SIZE, SIZE);
    private final Matrix b = Matrix.allocate(SIZE, SIZE);
    private final Matrix c = Matrix.allocate(SIZE, SIZE);

    MachineLimits(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Multiplies for about {@code seconds} and returns the floating-point operations of a second. */
    double flopRate(double seconds) {
        return rate(() -> kernels.matmul(a, b, c, false), 2.0 * SIZE * SIZE * SIZE, seconds);
    }

    /** Adds large matrices for about {@code seconds} and returns the bytes of a second. */
    double byteRate(double seconds) {
        Matrix x = Matrix.allocate(STREAM_ROWS, SIZE);
        Matrix y = Matrix.allocate(STREAM_ROWS, SIZE);
        return rate(() -> kernels.add(x, y), 3.0 * x.size() * Float.BYTES, seconds);
    }

    private static double rate(Runnable work, double amount, double seconds) {
        work.run();
        long start = System.nanoTime();
        long times = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            work.run();
            times++;
        }
        return times * amount / ((System.nanoTime() - start) * 1e-9);
    }
}
