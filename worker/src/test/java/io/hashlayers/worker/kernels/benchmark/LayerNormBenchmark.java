package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;

/** Layer norm of [R, D]. */
public class LayerNormBenchmark extends KernelBenchmark {
    private Matrix x;
    private Matrix gamma;
    private Matrix beta;
    private Matrix y;
    private Matrix stats;
    private Matrix dy;
    private Matrix dx;
    private Matrix dgamma;
    private Matrix dbeta;

    @Override
    void allocate() {
        x = normal(ROWS, shape.dim);
        gamma = normal(1, shape.dim);
        beta = normal(1, shape.dim);
        y = Matrix.allocate(ROWS, shape.dim);
        stats = Matrix.allocate(ROWS, 2);
        dy = normal(ROWS, shape.dim);
        dx = Matrix.allocate(ROWS, shape.dim);
        dgamma = Matrix.allocate(1, shape.dim);
        dbeta = Matrix.allocate(1, shape.dim);
        forward();
    }

    @Benchmark
    public void forward() {
        kernels.layerNorm(x, gamma, beta, y, stats);
    }

    @Benchmark
    public void backward() {
        kernels.layerNormBackward(dy, x, stats, gamma, dx, dgamma, dbeta);
    }
}
