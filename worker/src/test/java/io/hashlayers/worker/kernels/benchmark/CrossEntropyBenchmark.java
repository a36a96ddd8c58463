package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;

/** Softmax and cross-entropy of [R, V] logits, alone and with the gradient in their place. */
public class CrossEntropyBenchmark extends KernelBenchmark {
    private Matrix original;
    private Matrix logits;
    private int[] targets;

    @Override
    void allocate() {
        original = normal(ROWS, shape.vocabulary);
        logits = Matrix.allocate(ROWS, shape.vocabulary);
        targets = ids(ROWS, shape.vocabulary);
    }

    /** Undoes the last call; not timed. */
    @Setup(Level.Invocation)
    public void restore() {
        restore(logits, original);
    }

    @Benchmark
    public double forward() {
        return kernels.crossEntropy(logits, targets, 0, 0);
    }

    @Benchmark
    public double forwardAndGradient() {
        return kernels.crossEntropy(logits, targets, 0, 1f / ROWS);
    }
}
