package io.hashlayers.worker.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes the matrices of a test. Each is cut at a random place out of a larger memory full of NaN, so reading outside
 * poisons the result and writing outside is seen by {@link #assertSurroundingsUntouched}.
 */
final class TestMemory {
    private final SplittableRandom random;
    private final List<Cut> cuts = new ArrayList<>();

    TestMemory(SplittableRandom random) {
        this.random = random;
    }

    /** A matrix of normally distributed values. */
    Matrix normal(int rows, int cols) {
        return normal(rows, cols, 1);
    }

    /** A matrix of normally distributed values with this standard deviation. */
    Matrix normal(int rows, int cols, double deviation) {
        return filled(rows, cols, () -> deviation * random.nextGaussian());
    }

    /** A matrix of one value. */
    Matrix constant(int rows, int cols, double value) {
        return filled(rows, cols, () -> value);
    }

    Matrix copyOf(Matrix other) {
        Matrix copy = constant(other.rows(), other.cols(), 0);
        set(copy, values(other));
        return copy;
    }

    Matrix filled(int rows, int cols, DoubleSupplier element) {
        int before = random.nextInt(20);
        int spareRows = random.nextInt(3);
        int after = random.nextInt(20);
        INDArray storage = Matrix.allocateStorage((long) before + (long) (spareRows + rows) * cols + after)
                .assign(Float.NaN);
        Matrix matrix = Matrix.of(storage, before, spareRows + rows, cols).window(spareRows, rows);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                matrix.set(row, col, (float) element.getAsDouble());
            }
        }
        cuts.add(new Cut(storage, before + spareRows * cols, rows * cols));
        return matrix;
    }

    int[] indices(int count, int bound) {
        return random.ints(count, 0, bound).toArray();
    }

    /** Fails if anything was written outside the matrices made here. */
    void assertSurroundingsUntouched() {
        for (Cut cut : cuts) {
            float[] all = cut.storage.toFloatVector();
            Arrays.fill(all, cut.first, cut.first + cut.floats, Float.NaN);
            assertThat(all).containsOnly(Float.NaN);
        }
    }

    static double[][] values(Matrix matrix) {
        double[][] values = new double[matrix.rows()][matrix.cols()];
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < matrix.cols(); col++) {
                values[row][col] = matrix.get(row, col);
            }
        }
        return values;
    }

    static void set(Matrix matrix, double[][] values) {
        for (int row = 0; row < matrix.rows(); row++) {
            for (int col = 0; col < matrix.cols(); col++) {
                matrix.set(row, col, (float) values[row][col]);
            }
        }
    }

    /** Asserts equality within {@code tolerance (1 + largest expected magnitude)}. */
    static void assertClose(String name, Matrix actual, double[][] expected, double tolerance) {
        double allowed = tolerance
                * (1
                        + Arrays.stream(expected)
                                .flatMapToDouble(Arrays::stream)
                                .map(Math::abs)
                                .max()
                                .orElse(0));
        for (int row = 0; row < actual.rows(); row++) {
            for (int col = 0; col < actual.cols(); col++) {
                double error = Math.abs(actual.get(row, col) - expected[row][col]);
                if (!(error <= allowed)) {
                    throw new AssertionError("%s[%d, %d] is %s, expected %s within %s"
                            .formatted(name, row, col, actual.get(row, col), expected[row][col], allowed));
                }
            }
        }
    }

    private record Cut(INDArray storage, int first, int floats) {}
}
