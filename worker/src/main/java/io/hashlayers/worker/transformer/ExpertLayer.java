package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import org.jspecify.annotations.Nullable;

/**
 * A layer of experts: {@code f(x) = mixture(x)}, or {@code f(x) = shared(x) + mixture(x)} with a network that every token visits
 * besides.
 */
final class ExpertLayer implements FeedForward {
    private final Kernels kernels;
    private final ResidualStream stream;
    private final int place;
    private final Mixture mixture;
    private final @Nullable SharedExpert shared;

    ExpertLayer(Setup setup, int layer, Mixture mixture) {
        this.kernels = setup.kernels();
        this.stream = setup.stream();
        this.place = ResidualStream.feedForward(layer);
        this.mixture = mixture;
        this.shared = setup.config().mixture().sharedExperts() == 0 ? null : new SharedExpert(setup, layer);
    }

    @Override
    public void begin(RouterBatch batch) {
        mixture.begin(batch);
    }

    @Override
    public void forward(Matrix x, Matrix residual, Matrix out) {
        if (shared != null) {
            shared.forward(x, out);
        }
        mixture.forward(x, out, shared != null);
        stream.join(residual, out, place);
    }

    @Override
    public void recompute(Matrix x) {
        if (shared != null) {
            shared.recompute(x);
        }
        mixture.recompute();
    }

    @Override
    public void backward(Matrix x, Matrix dout, Matrix dx) {
        Matrix gradient = stream.branchGradient(dout, place);
        if (shared != null) {
            shared.backward(x, gradient, dx);
        }
        mixture.backward(gradient, dx, shared != null);
    }

    /** See {@link Mixture#takeStatistics}. */
    void takeStatistics(double[] sums, int offset) {
        mixture.takeStatistics(sums, offset);
    }

    /** See {@link Mixture#copyExperts}. */
    void copyExperts(int[] experts, int offset) {
        mixture.copyExperts(experts, offset);
    }

    /** The experts that every token visits, as one network of as many times their inner width (DeepSeekMoE, arXiv 2401.06066). */
    private final class SharedExpert {
        private final FeedForwardNetwork network;
        private final Matrix inner; // [R, n F]
        private final Matrix hidden;
        private final Matrix dInner;

        SharedExpert(Setup setup, int layer) {
            int width =
                    setup.config().mixture().sharedExperts() * setup.config().ffnDim();
            Workspace workspace = setup.workspace();
            this.network = new FeedForwardNetwork(setup, ParameterLayout.sharedPrefix(layer));
            this.inner = workspace.recomputable("shared inner", setup.rows(), width);
            this.hidden = workspace.recomputable("shared hidden", setup.rows(), width);
            this.dInner = workspace.backwardScratch("shared inner gradient", setup.rows(), width);
        }

        void forward(Matrix x, Matrix out) {
            network.forward(x, inner, hidden, out);
            kernels.addBias(out, network.downBias());
        }

        void recompute(Matrix x) {
            network.forwardToHidden(x, inner, hidden);
        }

        void backward(Matrix x, Matrix dout, Matrix dx) {
            network.backward(x, inner, hidden, dout, dInner, dx);
        }
    }
}
