package io.hashlayers.worker.kernels.benchmark;

import static io.hashlayers.worker.kernels.benchmark.ModelShape.ROWS;

import io.hashlayers.worker.kernels.Matrix;
import org.openjdk.jmh.annotations.Benchmark;

/** What moves or adds whole rows of [R, D]: embedding, routing, biases. */
public class RowsBenchmark extends KernelBenchmark {
    private int[] tokens;
    private int[] slots; // a permutation would do; any rows may be asked for
    private Matrix tokenTable;
    private Matrix positionTable;
    private Matrix x;
    private Matrix y;
    private Matrix bias;

    @Override
    void allocate() {
        tokens = ids(ROWS, shape.vocabulary);
        slots = ids(ROWS, ROWS);
        tokenTable = normal(shape.vocabulary, shape.dim);
        positionTable = normal(shape.length, shape.dim);
        x = normal(ROWS, shape.dim);
        y = normal(ROWS, shape.dim);
        bias = normal(1, shape.dim);
    }

    @Benchmark
    public void embed() {
        kernels.embed(tokens, tokenTable, positionTable, shape.length, y);
    }

    @Benchmark
    public void embedBackward() {
        kernels.embedBackward(tokens, x, shape.length, tokenTable, positionTable);
    }

    @Benchmark
    public void gatherRows() {
        kernels.gatherRows(x, slots, y);
    }

    @Benchmark
    public void sumRows() {
        kernels.sumRows(x, slots, 1, y, false);
    }

    @Benchmark
    public void addBias() {
        kernels.addBias(y, bias);
    }

    @Benchmark
    public void biasBackward() {
        kernels.biasBackward(x, bias);
    }

    @Benchmark
    public void addBiasResidual() {
        kernels.addBiasResidual(x, y, bias, y);
    }
}
