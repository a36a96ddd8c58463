package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Seeds;

/**
 * Joins a branch with the residual stream: {@code out = x + dropout(branch + bias)}.
 *
 * <p>Which elements drop depends on the seed, the step, the place in the model and the row's number in the global batch, never on
 * the number of ranks or of micro-batches; so the backward pass makes the same mask again instead of keeping it.
 */
final class ResidualStream {
    /** The place of the embedding; blocks have {@link #attention} and {@link #feedForward}. */
    static final int EMBEDDING = 0;

    private final Kernels kernels;
    private final float probability;
    private final long seed;
    private final Matrix masked; // [R, D]
    private long step;
    private long firstRow;
    private boolean dropping;

    /**
     * @param seed of the run
     */
    ResidualStream(ModelConfig config, Kernels kernels, Workspace workspace, int rows, long seed) {
        this.kernels = kernels;
        this.probability = (float) config.dropout();
        this.seed = seed;
        this.masked = workspace.scratch("masked gradient", config.dropout() > 0 ? rows : 0, config.modelDim());
    }

    static int attention(int layer) {
        return 1 + 2 * layer;
    }

    static int feedForward(int layer) {
        return 2 + 2 * layer;
    }

    /**
     * Begins a training step or its next micro-batch, which choose the masks.
     *
     * @param newFirstRow number of row 0 in the global batch of the step
     */
    void train(long newStep, long newFirstRow) {
        step = newStep;
        firstRow = newFirstRow;
        dropping = probability > 0;
    }

    /** Drops nothing until the next training step. */
    void evaluate() {
        dropping = false;
    }

    /** {@code branch = x + dropout(branch + bias)}. */
    void join(Matrix x, Matrix bias, Matrix branch, int place) {
        if (dropping) {
            kernels.addBias(branch, bias);
            join(x, branch, place);
        } else {
            kernels.addBiasResidual(x, branch, bias, branch);
        }
    }

    /** {@code branch = x + dropout(branch)}. */
    void join(Matrix x, Matrix branch, int place) {
        drop(branch, place);
        kernels.add(branch, x);
    }

    /** Applies the mask of a place, in place; backward as forward. */
    void drop(Matrix x, int place) {
        if (dropping) {
            kernels.dropout(x, probability, Seeds.of(seed, step, place), firstRow);
        }
    }

    /**
     * Returns the gradient of what was joined: dout itself where nothing drops, otherwise a masked copy that is valid until
     * the next call.
     */
    Matrix branchGradient(Matrix dout, int place) {
        if (!dropping) {
            return dout;
        }
        kernels.zero(masked);
        kernels.add(masked, dout);
        drop(masked, place);
        return masked;
    }
}
