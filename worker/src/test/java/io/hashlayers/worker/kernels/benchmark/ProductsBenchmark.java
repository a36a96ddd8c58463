package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.EXPERT_ROWS;
import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;

/** Matrix products of a dense layer D to F, of an expert with few rows, and of the head. */
public class ProductsBenchmark extends KernelBenchmark {
    private Matrix x; // [R, D]
    private Matrix weight; // [D, F]
    private Matrix y; // [R, F]
    private Matrix dweight;
    private Matrix few; // [EXPERT_ROWS, D]
    private Matrix fewOut;
    private Matrix table; // [V, D]
    private Matrix logits; // [R, V]
    private Matrix dtable;

    @Override
    void allocate() {
        x = normal(ROWS, shape.dim);
        weight = normal(shape.dim, shape.hidden);
        y = normal(ROWS, shape.hidden);
        dweight = normal(shape.dim, shape.hidden);
        few = normal(EXPERT_ROWS, shape.dim);
        fewOut = normal(EXPERT_ROWS, shape.hidden);
        table = normal(shape.vocabulary, shape.dim);
        logits = normal(ROWS, shape.vocabulary);
        dtable = normal(shape.vocabulary, shape.dim);
    }

    @Benchmark
    public void dense() {
        kernels.matmul(x, weight, y, false);
    }

    @Benchmark
    public void denseInputGradient() {
        kernels.matmulNt(y, weight, x, false);
    }

    @Benchmark
    public void denseWeightGradient() {
        kernels.matmulTn(x, y, dweight, true);
    }

    @Benchmark
    public void expert() {
        kernels.matmul(few, weight, fewOut, false);
    }

    @Benchmark
    public void expertInputGradient() {
        kernels.matmulNt(fewOut, weight, few, false);
    }

    @Benchmark
    public void expertWeightGradient() {
        kernels.matmulTn(few, fewOut, dweight, true);
    }

    @Benchmark
    public void head() {
        kernels.matmulNt(x, table, logits, false);
    }

    @Benchmark
    public void headInputGradient() {
        kernels.matmul(logits, table, x, false);
    }

    @Benchmark
    public void headWeightGradient() {
        kernels.matmulTn(logits, x, dtable, true);
    }
}
