package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;

/** The feed-forward branch of a block: {@code out = residual + dropout(f(x))}. */
sealed interface FeedForward permits DenseFeedForward, ExpertLayer {
    /**
     * Writes out.
     *
     * @param x [R, D], kept as it is until the backward pass is over
     * @param residual [R, D]
     * @param out [R, D]
     */
    void forward(Matrix x, Matrix residual, Matrix out);

    /** Writes to dx the gradient of x, for dout and x as in the forward pass; that of the residual is dout itself. */
    void backward(Matrix x, Matrix dout, Matrix dx);
}
