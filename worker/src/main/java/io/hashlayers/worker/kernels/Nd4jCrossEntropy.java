package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** {@link Kernels#crossEntropy} by ND4J operations. */
final class Nd4jCrossEntropy {
    private final Nd4jScratch scratch;

    Nd4jCrossEntropy(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    double run(INDArray logits, int[] targets, int firstTarget, float gradientScale) {
        int rows = logits.rows();
        INDArray max = scratch.take(rows, 1);
        INDArray sum = scratch.take(rows, 1);
        Nd4j.exec(new Max(logits, null, max, true, new int[] {1}));
        INDArray exp = Transforms.exp(scratch.copy(logits).subiColumnVector(max), false); // [R, V]
        exp.sum(sum, true, 1);

        double nats = 0;
        for (int row = 0; row < rows; row++) {
            int target = targets[firstTarget + row];
            if (target >= 0) {
                nats += Math.log(sum.getFloat(row, 0)) + max.getFloat(row, 0) - logits.getFloat(row, target);
            }
        }
        if (gradientScale != 0) {
            writeGradient(logits.assign(exp.diviColumnVector(sum)), targets, firstTarget, gradientScale);
        }
        return nats;
    }

    /** Turns probabilities into {@code scale (p - [column = target])}, and rows without a target into 0. */
    private static void writeGradient(INDArray p, int[] targets, int firstTarget, float scale) {
        p.muli(scale);
        for (int row = 0; row < p.rows(); row++) {
            int target = targets[firstTarget + row];
            if (target >= 0) {
                p.putScalar(row, target, p.getFloat(row, target) - scale);
            } else {
                p.getRow(row).assign(0);
            }
        }
    }
}
