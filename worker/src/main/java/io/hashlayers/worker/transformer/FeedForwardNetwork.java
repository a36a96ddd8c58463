package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/**
 * The arithmetic of a feed-forward network, dense or expert: {@code y = act(x W1 + b1) W2 + b2} (Hash Layers, arXiv
 * 2106.04426, eq. (2)). The caller owns all activations. A segment of an expert has the same two halves, but what its second
 * half reads is wider than what its first half writes.
 */
final class FeedForwardNetwork {
    private final Kernels kernels;
    private final Activation activation;
    private final Parameter upWeight; // [D, F]
    private final Parameter upBias;
    private final Parameter downWeight; // [F, D]
    private final Parameter downBias;

    FeedForwardNetwork(Setup setup, String prefix) {
        this.kernels = setup.kernels();
        this.activation = setup.config().activation();
        this.upWeight = setup.parameter(prefix + ".up.weight");
        this.upBias = setup.parameter(prefix + ".up.bias");
        this.downWeight = setup.parameter(prefix + ".down.weight");
        this.downBias = setup.parameter(prefix + ".down.bias");
    }

    /** b2, which {@link #forward} leaves out so that the caller can add it together with something else. */
    Matrix downBias() {
        return downBias.value();
    }

    /**
     * Writes {@code y - b2}.
     *
     * @param x [M, D]
     * @param inner receives {@code x W1 + b1}, [M, F]
     * @param hidden receives {@code act(inner)}, [M, F]
     * @param y [M, D]
     */
    void forward(Matrix x, Matrix inner, Matrix hidden, Matrix y) {
        forwardToHidden(x, inner, hidden);
        forwardFromHidden(hidden, y, false);
    }

    /** The first half of {@link #forward}: writes inner and hidden, which is all that {@link #backward} needs of it. */
    void forwardToHidden(Matrix x, Matrix inner, Matrix hidden) {
        kernels.matmul(x, upWeight.value(), inner, false);
        kernels.biasActivation(activation, inner, upBias.value(), hidden);
    }

    /** The second half of {@link #forward}: writes {@code y - b2} for what is hidden, or adds it to what y holds. */
    void forwardFromHidden(Matrix hidden, Matrix y, boolean accumulate) {
        kernels.matmul(hidden, downWeight.value(), y, accumulate);
    }

    /**
     * Adds to the gradients of all four parameters and writes dx; x, inner and hidden as the forward pass left them.
     *
     * @param dy [M, D]
     * @param dInner scratch, [M, F]
     * @param dx [M, D]; may be dy
     */
    void backward(Matrix x, Matrix inner, Matrix hidden, Matrix dy, Matrix dInner, Matrix dx) {
        backwardToHidden(hidden, dy, dInner);
        backwardFromHidden(x, inner, dInner, dx);
    }

    /**
     * The first half of {@link #backward}: adds to the gradients of W2 and b2 and writes the gradient of what is hidden.
     *
     * @param dHidden may be hidden
     */
    void backwardToHidden(Matrix hidden, Matrix dy, Matrix dHidden) {
        kernels.biasBackward(dy, downBias.gradient(kernels));
        downWeight.addToGradient(kernels, hidden, dy);
        kernels.matmulNt(dy, downWeight.value(), dHidden, false);
    }

    /**
     * The second half of {@link #backward}: adds to the gradients of W1 and b1 and writes dx; dInner holds that of hidden.
     *
     * @param dx may be x
     */
    void backwardFromHidden(Matrix x, Matrix inner, Matrix dInner, Matrix dx) {
        kernels.biasActivationBackward(activation, inner, dInner, dInner, upBias.gradient(kernels));
        upWeight.addToGradient(kernels, x, dInner);
        kernels.matmulNt(dInner, upWeight.value(), dx, false);
    }
}
