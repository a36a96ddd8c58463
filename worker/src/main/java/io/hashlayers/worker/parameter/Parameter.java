package io.hashlayers.worker.parameter;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * One tensor as a rank holds it: its values and, for training, its gradient, both of the shape of its spec.
 *
 * <p>What is added first after {@link #clearGradient} overwrites the gradient, so that nothing needs to set it to 0. Of a frozen
 * tensor the gradient means nothing: the optimizer does not read it, and products that only add to it are left out. Belongs to
 * the thread of its rank.
 */
public final class Parameter {
    private final TensorSpec spec;
    private final Matrix value;
    private final @Nullable Matrix gradient;
    private final boolean frozen;
    private boolean cleared; // the gradient is 0, whatever its memory holds

    private Parameter(TensorSpec spec, Matrix value, @Nullable Matrix gradient, boolean frozen) {
        this.spec = spec;
        this.value = value;
        this.gradient = gradient;
        this.frozen = frozen;
    }

    public static Parameter forEvaluation(TensorSpec spec, Matrix value) {
        return new Parameter(spec, value, null, false);
    }

    public static Parameter forTraining(TensorSpec spec, Matrix value, Matrix gradient) {
        return new Parameter(spec, value, gradient, false);
    }

    /**
     * A tensor of a model in training that keeps its values.
     *
     * @param gradient where backward passes may still write
     */
    public static Parameter frozen(TensorSpec spec, Matrix value, Matrix gradient) {
        return new Parameter(spec, value, gradient, true);
    }

    public TensorSpec spec() {
        return spec;
    }

    public String name() {
        return spec.name();
    }

    public Matrix value() {
        return value;
    }

    /** Whether training leaves the values as they are. */
    public boolean frozen() {
        return frozen;
    }

    /**
     * Gradient of the loss, to be read or added to.
     *
     * @param kernels set it to 0 if it was cleared
     * @throws IllegalStateException if allocated for evaluation
     */
    public Matrix gradient(Kernels kernels) {
        Matrix sum = gradientMemory();
        if (cleared) {
            kernels.zero(sum);
            cleared = false;
        }
        return sum;
    }

    /** Adds {@code a^T b} to the gradient: a [K, rows], b [K, cols]. Does nothing if frozen. */
    public void addToGradient(Kernels kernels, Matrix a, Matrix b) {
        if (frozen) {
            return;
        }
        kernels.matmulTn(a, b, gradientMemory(), !cleared);
        cleared = false;
    }

    /** Makes the gradient 0 without touching its memory, which anyone may use until it is added to. */
    public void clearGradient() {
        cleared = true;
    }

    @Override
    public String toString() {
        return spec.name() + " [" + spec.rows() + ", " + spec.cols() + "]";
    }

    /**
     * The memory of the gradient, which is anyone's to use while it is cleared.
     *
     * @throws IllegalStateException if allocated for evaluation
     */
    public Matrix gradientMemory() {
        if (gradient == null) {
            throw new IllegalStateException(spec.name() + " was allocated for evaluation: it has no gradient");
        }
        return gradient;
    }
}
