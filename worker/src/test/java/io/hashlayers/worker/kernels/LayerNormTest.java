package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.LoopOracle.layerNorm;
import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class LayerNormTest {
    private final Kernels kernels;

    LayerNormTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void agreesWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(0, 9);
        int cols = random.nextInt(2, 70);
        Matrix x = memory.normal(rows, cols, 2);
        Matrix gamma = memory.normal(1, cols);
        Matrix beta = memory.normal(1, cols);
        Matrix y = memory.constant(rows, cols, 0);
        Matrix stats = memory.constant(rows, 2, 0);

        kernels.layerNorm(x, gamma, beta, y, stats);

        assertClose("stats", stats, LoopOracle.layerNormStats(values(x)), 1e-5);
        assertClose("y", y, layerNorm(values(x), values(gamma), values(beta)), 1e-5);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void backwardAgreesWithFiniteDifferences(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(1, 6);
        int cols = random.nextInt(3, 50);
        Matrix x = memory.normal(rows, cols, 2);
        Matrix gamma = memory.normal(1, cols);
        Matrix beta = memory.normal(1, cols);
        Matrix dy = memory.normal(rows, cols);
        Matrix stats = memory.constant(rows, 2, 0);
        Matrix dx = memory.constant(rows, cols, 0.5);
        Matrix dgamma = memory.constant(1, cols, 0.5);
        Matrix dbeta = memory.constant(1, cols, 0.5);
        kernels.layerNorm(x, gamma, beta, memory.constant(rows, cols, 0), stats);

        kernels.layerNormBackward(dy, x, stats, gamma, dx, dgamma, dbeta);

        double[][] weights = values(dy);
        assertAddedToHalf(
                "dx",
                dx,
                FiniteDifferences.gradient(values(x), weights, at -> layerNorm(at, values(gamma), values(beta))));
        assertAddedToHalf(
                "dgamma",
                dgamma,
                FiniteDifferences.gradient(values(gamma), weights, at -> layerNorm(values(x), at, values(beta))));
        assertAddedToHalf(
                "dbeta",
                dbeta,
                FiniteDifferences.gradient(values(beta), weights, at -> layerNorm(values(x), values(gamma), at)));
        memory.assertSurroundingsUntouched();
    }

    @Test
    void rowFarFromZeroKeepsItsVariance() {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix x = memory.normal(3, 65, 0.5);
        double[][] shifted = values(x);
        for (double[] row : shifted) {
            for (int col = 0; col < row.length; col++) {
                row[col] += 1000;
            }
        }
        TestMemory.set(x, shifted);
        Matrix y = memory.constant(3, 65, 0);

        kernels.layerNorm(x, memory.constant(1, 65, 1), memory.constant(1, 65, 0), y, memory.constant(3, 2, 0));

        // The mean of numbers near 1000 is known to about 1e-4, which is 2e-4 of this deviation.
        assertClose(
                "y",
                y,
                layerNorm(values(x), values(memory.constant(1, 65, 1)), values(memory.constant(1, 65, 0))),
                4e-4);
    }

    @Test
    void constantRowBecomesBeta() {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix beta = memory.normal(1, 33);
        Matrix y = memory.constant(1, 33, 0);

        kernels.layerNorm(memory.constant(1, 33, 2), memory.normal(1, 33), beta, y, memory.constant(1, 2, 0));

        assertClose("y", y, values(beta), 1e-6);
    }

    private static void assertAddedToHalf(String name, Matrix actual, double[][] gradient) {
        double[][] half = new double[actual.rows()][actual.cols()];
        for (double[] row : half) {
            Arrays.fill(row, 0.5);
        }
        assertClose(name, actual, LoopOracle.sum(half, gradient), 1e-5);
    }
}
