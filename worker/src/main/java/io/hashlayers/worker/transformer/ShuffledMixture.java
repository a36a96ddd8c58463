package io.hashlayers.worker.transformer;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.RowShuffle;

/**
 * A mixture of rows that ranks exchange at random before it and take back after it, in training (BASE, arXiv 2103.16716, section
 * 3.2): what is assigned together is then a mix of all documents.
 */
final class ShuffledMixture implements Mixture {
    private final Kernels kernels;
    private final Collective collective;
    private final Mixture mixture;
    private final RowShuffle shuffle;
    private final Matrix leaving; // [R, D]
    private final Matrix shuffled; // [R, D] kept
    private final Matrix mixed; // [R, D]
    private boolean shuffling;

    /**
     * @param groups that exchange rows, a multiple of the ranks
     * @param seed of the run and layer
     */
    ShuffledMixture(Setup setup, Collective collective, Mixture mixture, int groups, long seed) {
        int rows = setup.rows();
        int dim = setup.config().modelDim();
        Workspace workspace = setup.workspace();
        this.kernels = setup.kernels();
        this.collective = collective;
        this.mixture = mixture;
        this.shuffle = new RowShuffle(rows, collective.rank(), collective.worldSize(), groups, seed);
        this.leaving = workspace.scratch("rows to shuffle", rows, dim);
        this.shuffled = workspace.kept("shuffled rows", rows, dim);
        this.mixed = workspace.scratch("mixed rows", rows, dim);
    }

    @Override
    public void begin(RouterBatch batch) {
        shuffling = batch.training();
        if (shuffling) {
            shuffle.draw(batch.step(), batch.firstRow());
        }
        mixture.begin(batch);
    }

    @Override
    public void forward(Matrix x, Matrix out, boolean accumulate) {
        if (!shuffling) {
            mixture.forward(x, out, accumulate);
            return;
        }
        exchange(x, shuffled);
        mixture.forward(shuffled, mixed, false);
        takeBack(mixed, out, accumulate);
    }

    @Override
    public void recompute() {
        mixture.recompute();
    }

    @Override
    public void backward(Matrix dout, Matrix dx, boolean accumulate) {
        // The rows themselves may have been kept for the router, so gradients travel in buffers of their own.
        exchange(dout, mixed);
        mixture.backward(mixed, leaving, false);
        collective.allToAll(leaving, mixed, shuffle);
        kernels.sumRows(mixed, shuffle.slots(), 1, dx, accumulate);
    }

    @Override
    public void takeStatistics(double[] sums, int offset) {
        mixture.takeStatistics(sums, offset);
    }

    /** Of an evaluation, which does not exchange rows. */
    @Override
    public void copyExperts(int[] experts, int offset) {
        mixture.copyExperts(experts, offset);
    }

    private void exchange(Matrix from, Matrix to) {
        kernels.gatherRows(from, shuffle.order(), leaving);
        collective.allToAll(leaving, to, shuffle);
    }

    private void takeBack(Matrix from, Matrix to, boolean accumulate) {
        collective.allToAll(from, leaving, shuffle);
        kernels.sumRows(leaving, shuffle.slots(), 1, to, accumulate);
    }
}
