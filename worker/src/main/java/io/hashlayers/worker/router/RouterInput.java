package io.hashlayers.worker.router;

import io.hashlayers.worker.kernels.Matrix;

/** The rows that a learned router reads. */
interface RouterInput {
    /** Returns the rows u [R, D] of a micro-batch, for its x [R, D]. */
    Matrix read(Matrix x, RouterBatch batch);

    /** The rows of the last {@link #read}, as they are again in its backward pass. */
    Matrix rows();

    /** Factor of the scores. */
    float scale();

    /**
     * Adds the gradient of the rows, {@code dScores W^T}, to where they came from.
     *
     * @param dScores [R, E]
     * @param weight [D, E]
     * @param dx of x, [R, D]
     */
    void addGradient(Matrix dScores, Matrix weight, Matrix dx);
}
