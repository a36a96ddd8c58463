package io.hashlayers.worker.kernels;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** Reads and sums of rows by index, with ND4J operations. */
final class Nd4jRows {
    private final Nd4jScratch scratch;

    Nd4jRows(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    /** {@code out[i] = in[rows[i]]}. */
    static void gather(INDArray in, int[] rows, INDArray out) {
        Nd4j.pullRows(in, out, 1, rows);
    }

    void sum(INDArray in, int[] slots, int k, INDArray out, boolean accumulate) {
        INDArray sum = scratch.like(out);
        sum.assign(0);
        INDArray chosen = scratch.like(out);
        int[] rows = new int[out.rows()];
        float[] present = new float[rows.length];
        for (int choice = 0; choice < k && in.rows() > 0; choice++) {
            for (int row = 0; row < rows.length; row++) {
                int slot = slots[row * k + choice];
                rows[row] = Math.max(0, slot);
                present[row] = slot < 0 ? 0 : 1;
            }
            gather(in, rows, chosen);
            sum.addi(chosen.muliColumnVector(column(present, rows.length)));
        }
        if (accumulate) {
            out.addi(sum);
        } else {
            out.assign(sum);
        }
    }

    static void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out) {
        gather(tokenTable.array(), Arrays.copyOf(tokens, out.rows()), out.array());
        for (int first = 0; first < out.rows(); first += sequenceLength) {
            int length = Math.min(sequenceLength, out.rows() - first);
            out.block(first, length, 0, out.cols()).addi(positionTable.block(0, length, 0, positionTable.cols()));
        }
    }

    static void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        addToRows(dTokenTable.array(), Arrays.copyOf(tokens, dout.rows()), dout.array());
        for (int first = 0; first < dout.rows(); first += sequenceLength) {
            int length = Math.min(sequenceLength, dout.rows() - first);
            dPositionTable.block(0, length, 0, dPositionTable.cols()).addi(dout.block(first, length, 0, dout.cols()));
        }
    }

    /** The first of these numbers as a column. */
    static INDArray column(float[] numbers, int rows) {
        return Nd4j.createFromArray(Arrays.copyOf(numbers, rows)).reshape(rows, 1);
    }

    /** {@code table[rows[i]] += values[i]}, in order of i where rows repeat. */
    static void addToRows(INDArray table, int[] rows, INDArray values) {
        boolean lock = true; // without it rows that repeat would race
        Nd4j.exec(DynamicCustomOp.builder("scatter_add")
                .addInputs(table, Nd4j.createFromArray(rows), values)
                .addOutputs(table)
                .addBooleanArguments(lock)
                .callInplace(true)
                .build());
    }
}
