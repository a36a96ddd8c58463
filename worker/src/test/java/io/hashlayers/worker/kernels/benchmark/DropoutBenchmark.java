package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;

/** Dropout of [R, D], which is its own backward pass. */
public class DropoutBenchmark extends KernelBenchmark {
    private Matrix original;
    private Matrix x;

    @Override
    void allocate() {
        original = normal(ROWS, shape.dim);
        x = Matrix.allocate(ROWS, shape.dim);
    }

    /** Undoes the last call; not timed. */
    @Setup(Level.Invocation)
    public void restore() {
        restore(x, original);
    }

    @Benchmark
    public void forward() {
        kernels.dropout(x, 0.1f, 1, 0);
    }
}
