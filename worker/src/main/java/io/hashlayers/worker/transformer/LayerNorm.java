package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/** {@code y = (x - mean) / sqrt(variance + epsilon) * gamma + beta} over each row of x (Ba et al. 2016). */
final class LayerNorm {
    private final Kernels kernels;
    private final Parameter gamma;
    private final Parameter beta;
    private final Matrix stats; // [R, 2] mean and 1 / deviation of each row
    private final Matrix out; // [R, D]

    /**
     * @param name full name of the norm, whose last part tells it from the other norms of a block
     */
    LayerNorm(Setup setup, String name) {
        String use = name.substring(name.lastIndexOf('.') + 1);
        this.kernels = setup.kernels();
        this.gamma = setup.parameter(name + ".weight");
        this.beta = setup.parameter(name + ".bias");
        this.stats = setup.workspace().recomputable(use + " stats", setup.rows(), 2);
        this.out =
                setup.workspace().recomputable(use, setup.rows(), setup.config().modelDim());
    }

    /** What {@link #forward} writes, [R, D]. */
    Matrix out() {
        return out;
    }

    void forward(Matrix x) {
        kernels.layerNorm(x, gamma.value(), beta.value(), out, stats);
    }

    /** Adds to dx the gradient for dy; x as in the forward pass. */
    void backward(Matrix dy, Matrix x, Matrix dx) {
        kernels.layerNormBackward(dy, x, stats, gamma.value(), dx, gamma.gradient(kernels), beta.gradient(kernels));
    }
}
