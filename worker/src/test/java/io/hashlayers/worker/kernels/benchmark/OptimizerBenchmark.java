package io.hashlayers.worker.kernels.benchmark;

import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;

/** What the optimizer does with a parameter, of the size of the token embedding [V, D]. */
public class OptimizerBenchmark extends KernelBenchmark {
    private final AdamStep step = new AdamStep(1e-6f, 0.9f, 0.999f, 1e-8f, 0.01f, 1, 0.1f, 0.001f);
    private Matrix parameter;
    private Matrix gradient;
    private Matrix m;
    private Matrix v;

    @Override
    void allocate() {
        parameter = normal(shape.vocabulary, shape.dim);
        gradient = normal(shape.vocabulary, shape.dim);
        m = Matrix.allocate(shape.vocabulary, shape.dim);
        v = Matrix.allocate(shape.vocabulary, shape.dim);
    }

    @Benchmark
    public void adam() {
        kernels.adam(parameter, gradient, m, v, step);
    }

    @Benchmark
    public double sumOfSquares() {
        return kernels.sumOfSquares(gradient);
    }

    @Benchmark
    public void add() {
        kernels.add(m, gradient);
    }

    @Benchmark
    public void zero() {
        kernels.zero(m);
    }
}
