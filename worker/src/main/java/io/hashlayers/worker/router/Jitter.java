package io.hashlayers.worker.router;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Seeds;

/** Multiplies what a router reads with random factors in training (Switch, arXiv 2101.03961, section 2.4). */
final class Jitter {
    private final Kernels kernels;
    private final float width;
    private final long seed;

    /**
     * @param width factors are drawn from {@code [1 - width, 1 + width)}; 0 for none
     */
    Jitter(RouterSetup setup, double width) {
        this.kernels = setup.kernels();
        this.width = (float) width;
        this.seed = setup.seed();
    }

    /** Whether rows of this micro-batch are changed. */
    boolean applies(RouterBatch batch) {
        return width > 0 && batch.training();
    }

    /** Multiplies rows in place; backward as forward. */
    void apply(Matrix rows, RouterBatch batch) {
        if (applies(batch)) {
            kernels.jitter(rows, width, Seeds.of(seed, batch.step(), 0), batch.firstRow());
        }
    }
}
