package io.hashlayers.worker.kernels;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** {@link Activation} and its derivative by ND4J operations. */
final class Nd4jActivation {
    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;
    private static final double SATURATED = 20; // tanh of GELU is 1 in float32 well before

    private final Nd4jScratch scratch;

    Nd4jActivation(Nd4jScratch scratch) {
        this.scratch = scratch;
    }

    /** {@code out = act(x)}. */
    void forward(Activation activation, INDArray x, INDArray out) {
        switch (activation) {
            case RELU -> Transforms.relu(out.assign(x), false);
            case GELU -> out.assign(tanhOfGelu(x).addi(1)).muli(x).muli(0.5);
        }
    }

    /** {@code dx = dout * act'(x)}; dx may be dout. */
    void backward(Activation activation, INDArray x, INDArray dout, INDArray dx) {
        dx.assign(dout);
        switch (activation) {
            case RELU -> dx.muli(Transforms.sign(Transforms.relu(scratch.copy(x), false), false));
            case GELU -> dx.muli(geluDerivative(x));
        }
    }

    // 0.5 (1 + t) + 0.5 x (1 - t^2) u' with t = tanh(u) and u' = sqrt(2/pi) (1 + 3 * 0.044715 x^2)
    private INDArray geluDerivative(INDArray x) {
        INDArray t = tanhOfGelu(x);
        // Where x is clipped 1 - t^2 is 0 and stays so; unclipped its factor would overflow.
        INDArray clipped = Transforms.min(Transforms.max(scratch.copy(x), -SATURATED, false), SATURATED, false);
        INDArray slope = scratch.copy(clipped); // u'
        slope.muli(slope).muli(3 * CUBIC).addi(1).muli(SQRT_2_OVER_PI);
        INDArray second = scratch.copy(t);
        second.muli(t).rsubi(1).muli(slope).muli(clipped);
        return t.addi(1).addi(second).muli(0.5);
    }

    // tanh(u) with u = sqrt(2/pi) (x + 0.044715 x^3)
    private INDArray tanhOfGelu(INDArray x) {
        INDArray u = scratch.copy(x);
        u.muli(x).muli(CUBIC).addi(1).muli(x).muli(SQRT_2_OVER_PI);
        return Transforms.tanh(u, false);
    }
}
