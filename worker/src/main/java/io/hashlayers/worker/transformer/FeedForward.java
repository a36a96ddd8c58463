package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;

/** The feed-forward branch of a block: {@code out = residual + dropout(f(x))}. */
sealed interface FeedForward permits DenseFeedForward, ExpertLayer {
    /** Tells of the micro-batch that comes next. */
    void begin(RouterBatch batch);

    /**
     * Writes out.
     *
     * @param x [R, D]
     * @param residual [R, D]
     * @param out [R, D]
     */
    void forward(Matrix x, Matrix residual, Matrix out);

    /** Fills the recomputable buffers as the last forward pass did, for the same x; ranks do not meet. */
    void recompute(Matrix x);

    /** Writes to dx the gradient of x, for dout and x as in the forward pass; that of the residual is dout itself. */
    void backward(Matrix x, Matrix dout, Matrix dx);
}
