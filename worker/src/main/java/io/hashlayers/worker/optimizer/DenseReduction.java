package io.hashlayers.worker.optimizer;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.transformer.GradientsReady;
import java.util.List;

/**
 * The sum over the ranks of the dense gradients of a step. The reduce-scatter of a piece of them begins as soon as the backward pass
 * has completed it, the last piece first, and goes on while the pass works on earlier layers.
 *
 * <p>Whether a piece begins early or not, what is summed and in which order is the same.
 */
final class DenseReduction implements GradientsReady {
    private final ParameterGroup dense;
    private final List<Matrix> pieces;
    private final Kernels kernels;
    private final Collective collective;
    private int left; // pieces that were not begun
    private long complete = Long.MAX_VALUE; // gradients from here on
    private long operation; // last that was begun

    DenseReduction(ParameterGroup dense, Kernels kernels, Collective collective) {
        this.dense = dense;
        this.pieces = dense.gradients();
        this.kernels = kernels;
        this.collective = collective;
        this.left = pieces.size();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if a second pass completes gradients whose sum has begun
     */
    @Override
    public void from(long offset) {
        if (offset > complete) {
            throw new IllegalStateException("gradients from " + offset + " on were completed again when those from "
                    + complete + " on were; only the last pass of a step may begin their reduction");
        }
        complete = offset;
        while (left > 0 && dense.pieceStart(left - 1) >= offset) {
            left--;
            dense.completeGradients(kernels, left);
            operation = collective.beginReduceScatter(pieces.get(left));
        }
    }

    /** Waits until this rank's share of every piece is summed, after which the next step may begin. */
    void finish() {
        from(0);
        collective.finish(operation);
        left = pieces.size();
        complete = Long.MAX_VALUE;
    }
}
