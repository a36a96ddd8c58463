package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Bias and activation of the inner rows of a feed-forward layer, [R, F]. */
public class ActivationBenchmark extends KernelBenchmark {
    /** Which activation. */
    @Param
    public Activation activation;

    private Matrix x;
    private Matrix bias; // of zeros: x is added to at each call
    private Matrix out;
    private Matrix dout;
    private Matrix dx;
    private Matrix dbias;

    @Override
    void allocate() {
        x = normal(ROWS, shape.hidden);
        bias = Matrix.allocate(1, shape.hidden);
        out = Matrix.allocate(ROWS, shape.hidden);
        dout = normal(ROWS, shape.hidden);
        dx = Matrix.allocate(ROWS, shape.hidden);
        dbias = Matrix.allocate(1, shape.hidden);
    }

    @Benchmark
    public void forward() {
        kernels.biasActivation(activation, x, bias, out);
    }

    @Benchmark
    public void backward() {
        kernels.biasActivationBackward(activation, x, dout, dx, dbias);
    }
}
