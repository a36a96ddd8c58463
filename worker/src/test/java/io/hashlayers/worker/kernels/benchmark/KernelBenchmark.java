package io.hashlayers.worker.kernels.benchmark;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the benchmarks of all kernels share: one thread, each implementation, each size of a model. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public abstract class KernelBenchmark {
    /** Which implementation. */
    @Param({"vector", "nd4j"})
    public String implementation;

    /** Which sizes. */
    @Param
    public ModelShape shape;

    Kernels kernels;
    final SplittableRandom random = new SplittableRandom(1);

    /** Makes the kernels and what they work on. */
    @Setup
    public void setUp() {
        kernels = KernelsFactory.named(implementation);
        allocate();
    }

    /** Allocates the matrices and computes what a backward pass needs of its forward pass. */
    abstract void allocate();

    Matrix normal(int rows, int cols) {
        Matrix matrix = Matrix.allocate(rows, cols);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                matrix.set(row, col, (float) random.nextGaussian());
            }
        }
        return matrix;
    }

    int[] ids(int count, int below) {
        return random.ints(count, 0, below).toArray();
    }

    /** Draws an argument anew that the kernel overwrote: squashed again and again, its numbers would become denormal. */
    void restore(Matrix matrix, Matrix original) {
        kernels.zero(matrix);
        kernels.add(matrix, original);
    }
}
