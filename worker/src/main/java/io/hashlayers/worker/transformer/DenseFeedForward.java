package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;

/** One network for all tokens. */
final class DenseFeedForward implements FeedForward {
    private final ResidualStream stream;
    private final int place;
    private final FeedForwardNetwork network;
    private final Matrix inner; // [R, F]
    private final Matrix hidden; // [R, F]
    private final Matrix dInner; // [R, F]

    DenseFeedForward(Setup setup, int layer) {
        int ffnDim = setup.config().ffnDim();
        this.stream = setup.stream();
        this.place = ResidualStream.feedForward(layer);
        this.network = new FeedForwardNetwork(setup, ParameterLayout.feedForwardPrefix(layer));
        Workspace workspace = setup.workspace();
        this.inner = workspace.recomputable("ffn inner", setup.rows(), ffnDim);
        this.hidden = workspace.recomputable("ffn hidden", setup.rows(), ffnDim);
        this.dInner = workspace.backwardScratch("ffn inner gradient", setup.rows(), ffnDim);
    }

    @Override
    public void begin(RouterBatch batch) {
        // All rows are alike.
    }

    @Override
    public void forward(Matrix x, Matrix residual, Matrix out) {
        network.forward(x, inner, hidden, out);
        stream.join(residual, network.downBias(), out, place);
    }

    @Override
    public void recompute(Matrix x) {
        network.forwardToHidden(x, inner, hidden);
    }

    @Override
    public void backward(Matrix x, Matrix dout, Matrix dx) {
        network.backward(x, inner, hidden, stream.branchGradient(dout, place), dInner, dx);
    }
}
