package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;

/**
 * A pre-norm block: {@code m = x + attention(norm(x))}, {@code out = m + ffn(norm(m))}.
 *
 * <p>Buffers are wired when it is built: it reads the output of the block before it.
 */
final class Block {
    private final LayerNorm attentionNorm;
    private final CausalAttention attention;
    private final LayerNorm feedForwardNorm;
    private final FeedForward feedForward;
    private final Matrix x; // [R, D]
    private final Matrix middle; // [R, D]
    private final Matrix out; // [R, D]
    private final Matrix dNormed; // [R, D]

    Block(Setup setup, int layer, Matrix x, FeedForward feedForward) {
        String prefix = ParameterLayout.blockPrefix(layer);
        Workspace workspace = setup.workspace();
        int dim = setup.config().modelDim();
        this.attentionNorm = new LayerNorm(setup, prefix + ".attention_norm");
        this.attention = new CausalAttention(setup, layer);
        this.feedForwardNorm = new LayerNorm(setup, prefix + ".ffn_norm");
        this.feedForward = feedForward;
        this.x = x;
        this.middle = workspace.recomputable("middle", setup.rows(), dim);
        this.out = workspace.kept("stream", setup.rows(), dim);
        this.dNormed = workspace.backwardScratch("norm gradient", setup.rows(), dim);
    }

    /** What {@link #forward} writes, [R, D]. */
    Matrix out() {
        return out;
    }

    /** Tells of the micro-batch that comes next. */
    void begin(RouterBatch batch) {
        feedForward.begin(batch);
    }

    void forward() {
        forwardToFeedForward();
        feedForward.forward(feedForwardNorm.out(), middle, out);
    }

    /**
     * Fills the recomputable buffers as {@link #forward} did in this step, other blocks having used them since; all but out,
     * which is still there.
     */
    void recompute() {
        forwardToFeedForward();
        feedForward.recompute(feedForwardNorm.out());
    }

    private void forwardToFeedForward() {
        attentionNorm.forward(x);
        attention.forward(attentionNorm.out(), x, middle);
        feedForwardNorm.forward(middle);
    }

    /** Turns the gradient of out into that of x, in place: each branch adds to the one that flows past it. */
    void backward(Matrix gradient) {
        feedForward.backward(feedForwardNorm.out(), gradient, dNormed);
        feedForwardNorm.backward(dNormed, middle, gradient);
        attention.backward(attentionNorm.out(), gradient, dNormed);
        attentionNorm.backward(dNormed, x, gradient);
    }
}
