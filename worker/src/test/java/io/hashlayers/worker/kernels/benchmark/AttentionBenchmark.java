package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;

/** Causal attention within sequences of [R, 3 D]. */
public class AttentionBenchmark extends KernelBenchmark {
    private Matrix qkv;
    private Matrix out;
    private Matrix logSumExp;
    private Matrix dout;
    private Matrix dqkv;

    @Override
    void allocate() {
        qkv = normal(ROWS, 3 * shape.dim);
        out = Matrix.allocate(ROWS, shape.dim);
        logSumExp = Matrix.allocate(ROWS, shape.heads);
        dout = normal(ROWS, shape.dim);
        dqkv = Matrix.allocate(ROWS, 3 * shape.dim);
        forward();
    }

    @Benchmark
    public void forward() {
        kernels.causalAttention(qkv, shape.heads, shape.length, out, logSumExp);
    }

    @Benchmark
    public void backward() {
        kernels.causalAttentionBackward(qkv, shape.heads, shape.length, out, logSumExp, dout, dqkv);
    }
}
