package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Seeds;
import io.hashlayers.worker.router.RouterBatch;

/**
 * Dropout inside the experts of one layer, after their activation, in training (Switch, arXiv 2101.03961, section 2.4, where it is
 * larger than elsewhere in fine-tuning).
 *
 * <p>The rows of an expert, or of a segment of one, are in the order of the global batch whatever the number of ranks, so which
 * elements drop depends on the seed, the step, the layer, the unit and the row's number among the unit's, never on ranks.
 */
final class ExpertDropout {
    private final Kernels kernels;
    private final float probability;
    private final long seed;
    private final int layer;
    private long batchSeed;
    private boolean dropping;

    /**
     * @param seed of the run
     */
    ExpertDropout(Kernels kernels, double probability, long seed, int layer) {
        this.kernels = kernels;
        this.probability = (float) probability;
        this.seed = seed;
        this.layer = layer;
    }

    /** Begins a micro-batch. */
    void begin(RouterBatch batch) {
        dropping = batch.training() && probability > 0;
        batchSeed = Seeds.of(seed, batch.step(), batch.microBatch());
    }

    /**
     * Applies the mask of a unit to its rows, in place; backward as forward.
     *
     * @param unit number of an expert, or of a segment of one, in the layer
     */
    void apply(Matrix hidden, int unit) {
        if (dropping) {
            kernels.dropout(hidden, probability, Seeds.of(batchSeed, layer, unit), 0);
        }
    }
}
