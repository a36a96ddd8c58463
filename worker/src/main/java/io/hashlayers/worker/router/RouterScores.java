package io.hashlayers.worker.router;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/** The scores of a learned router, {@code s = scale u W} for the rows u that it reads, and the way back. */
final class RouterScores {
    private final Kernels kernels;
    private final Parameter weight; // [D, E]
    private final RouterInput input;
    private final Matrix matrix; // [R, E] scores, then their gradients
    private final float[] values; // [R E]

    RouterScores(RouterSetup setup, RouterInput input) {
        this.kernels = setup.kernels();
        this.weight = setup.weight();
        this.input = input;
        this.matrix = Matrix.allocate(setup.rows(), setup.numExperts());
        this.values = new float[setup.rows() * setup.numExperts()];
    }

    /** Floats of off-heap memory, without those of the input. */
    static long floats(int rows, int numExperts) {
        return (long) rows * numExperts;
    }

    /** Computes the scores of x [R, D]; returns them, [R E], as this object's own array, which stays until the next call. */
    float[] forward(Matrix x, RouterBatch batch) {
        kernels.matmul(input.read(x, batch), weight.value(), matrix, false);
        matrix.copyTo(values);
        scale(values);
        return values;
    }

    /** Adds to the gradient of W; {@code dScores} [R E] is used up. */
    void backward(float[] dScores) {
        scale(dScores);
        matrix.copyFrom(dScores);
        weight.addToGradient(kernels, input.rows(), matrix);
    }

    /** Adds to dx, or to wherever the router reads from, what reaches it through the scores. */
    void addInputGradient(Matrix dx) {
        input.addGradient(matrix, weight.value(), dx);
    }

    private void scale(float[] numbers) {
        float scale = input.scale();
        if (scale != 1) {
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] *= scale;
            }
        }
    }
}
