package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/** One tensor as a rank holds it: its values and, for training, gradient and Adam moments; all of the shape of its spec. */
public final class Parameter {
    private final TensorSpec spec;
    private final Matrix value;
    private final @Nullable Training training;

    private record Training(Matrix gradient, Matrix firstMoment, Matrix secondMoment) {}

    private Parameter(TensorSpec spec, Matrix value, @Nullable Training training) {
        this.spec = spec;
        this.value = value;
        this.training = training;
    }

    static Parameter forEvaluation(TensorSpec spec, Matrix value) {
        return new Parameter(spec, value, null);
    }

    static Parameter forTraining(
            TensorSpec spec, Matrix value, Matrix gradient, Matrix firstMoment, Matrix secondMoment) {
        return new Parameter(spec, value, new Training(gradient, firstMoment, secondMoment));
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

    /**
     * Gradient of the loss; every backward pass adds to it.
     *
     * @throws IllegalStateException if allocated for evaluation, as the two moments do
     */
    public Matrix gradient() {
        return training().gradient();
    }

    /** Adam's running mean of the gradient. */
    public Matrix firstMoment() {
        return training().firstMoment();
    }

    /** Adam's running mean of the squared gradient. */
    public Matrix secondMoment() {
        return training().secondMoment();
    }

    @Override
    public String toString() {
        return spec.name() + " [" + spec.rows() + ", " + spec.cols() + "]";
    }

    private Training training() {
        if (training == null) {
            throw new IllegalStateException(
                    spec.name() + " was allocated for evaluation: it has no gradient or moments");
        }
        return training;
    }
}
