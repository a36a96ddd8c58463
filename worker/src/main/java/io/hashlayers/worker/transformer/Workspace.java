package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import java.util.HashMap;
import java.util.Map;

/**
 * Hands out the buffers of a model while it is built; a step allocates nothing.
 *
 * <p>What a backward pass needs of its forward pass is <em>kept</em>: its own buffer for each layer when training, one for all
 * layers when only evaluating. <em>Scratch</em> is one buffer for all layers that ask for the same use. What can be had again
 * from what is kept is <em>recomputable</em>: kept too, or scratch if the model recomputes it.
 */
final class Workspace {
    private final boolean training;
    private final boolean recomputing;
    private final Map<String, Matrix> shared = new HashMap<>();

    /**
     * @param training whether there are backward passes
     * @param recomputing whether they compute again what is recomputable
     */
    Workspace(boolean training, boolean recomputing) {
        this.training = training;
        this.recomputing = recomputing;
    }

    /** A buffer that stays as it is from a layer's forward to its backward pass. */
    Matrix kept(String use, int rows, int cols) {
        return training ? Matrix.allocate(rows, cols) : scratch(use, rows, cols);
    }

    /** A buffer that is, when the layer's backward pass begins, as its forward pass left it: kept, or filled again. */
    Matrix recomputable(String use, int rows, int cols) {
        return recomputing ? scratch(use, rows, cols) : kept(use, rows, cols);
    }

    /**
     * A buffer that another layer may overwrite as soon as this one returns.
     *
     * @throws IllegalStateException if this use had another shape before
     */
    Matrix scratch(String use, int rows, int cols) {
        Matrix matrix = shared.computeIfAbsent(use, absent -> Matrix.allocate(rows, cols));
        if (matrix.rows() != rows || matrix.cols() != cols) {
            throw new IllegalStateException(
                    "buffer " + use + " is " + matrix + ", asked for as [" + rows + ", " + cols + "]");
        }
        return matrix;
    }

    /** Scratch of backward passes; has no rows when only evaluating. */
    Matrix backwardScratch(String use, int rows, int cols) {
        return scratch(use, training ? rows : 0, cols);
    }
}
