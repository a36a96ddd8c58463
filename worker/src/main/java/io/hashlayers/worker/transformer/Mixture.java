package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.RouterStatistics;

/** A function of rows that is computed by experts on all ranks, which meet in its passes. */
interface Mixture {
    /** Tells of the micro-batch that comes next. */
    void begin(RouterBatch batch);

    /** {@code out = f(x)}, or {@code out += f(x)}: both [R, D]. */
    void forward(Matrix x, Matrix out, boolean accumulate);

    /** Fills the recomputable buffers as the last forward pass did; ranks do not meet. */
    void recompute();

    /**
     * {@code dx = df(x) / dx dout}, or {@code dx +=} that; adds to the gradients of the experts and of the router.
     *
     * @param dout [R, D], not changed
     * @param dx [R, D], another matrix
     */
    void backward(Matrix dout, Matrix dx, boolean accumulate);

    /**
     * Adds the rows that chose each expert, be it those of this rank or those that came to its experts, so that all ranks together add
     * each once; then the sums of {@link RouterStatistics}, of all training since this was last
     * called.
     *
     * @param sums from {@code offset} on: [E] rows, then {@link RouterStatistics#SIZE} numbers
     */
    void takeStatistics(double[] sums, int offset);

    /**
     * Copies the expert that each row of the last forward pass visited, its first one if several, or -1.
     *
     * @param experts from {@code offset} on, [R]
     */
    void copyExperts(int[] experts, int offset);
}
