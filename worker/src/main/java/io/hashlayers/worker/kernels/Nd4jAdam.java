package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The two passes over all parameters, norm and {@link AdamStep}, by ND4J operations on runs of elements. */
final class Nd4jAdam {
    private static final int RUN = 1 << 18; // elements; bounds the scratch memory and stays in the cache of a core

    private final Nd4jScratch scratch;
    private final INDArray wide = Nd4j.zeros(DataType.DOUBLE, RUN);

    Nd4jAdam(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    double sumOfSquares(Matrix x) {
        double sum = 0;
        for (long first = 0; first < x.size(); first += RUN) {
            INDArray run = run(x, first);
            INDArray squares = wide.get(NDArrayIndex.interval(0, run.length())).assign(run);
            sum += squares.muli(squares).sumNumber().doubleValue();
        }
        return sum;
    }

    void step(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        for (long first = 0; first < p.size(); first += RUN) {
            scratch.reset();
            step(run(p, first), run(g, first), run(m, first), run(v, first), step);
        }
    }

    private void step(INDArray p, INDArray g, INDArray m, INDArray v, AdamStep step) {
        INDArray scaled = scratch.take(1, p.length()).reshape(p.length());
        scaled.assign(g).muli(step.gradientScale());
        INDArray term = scratch.take(1, p.length()).reshape(p.length());
        m.muli(step.beta1()).addi(term.assign(scaled).muli(1 - step.beta1()));
        v.muli(step.beta2()).addi(scaled.muli(scaled).muli(1 - step.beta2()));

        INDArray denominator = Transforms.sqrt(scaled.assign(v).divi(step.correction2()), false);
        INDArray update = term.assign(m).divi(step.correction1()).divi(denominator.addi(step.epsilon()));
        update.addi(denominator.assign(p).muli(step.weightDecay()));
        p.subi(update.muli(step.learningRate()));
    }

    private static INDArray run(Matrix x, long first) {
        return x.array().reshape(x.size()).get(NDArrayIndex.interval(first, Math.min(first + RUN, x.size())));
    }
}
