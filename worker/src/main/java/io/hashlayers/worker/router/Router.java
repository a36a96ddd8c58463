package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Matrix;

/**
 * Decides which experts the rows of one rank visit and how much each answer weighs; the seam of a layer of experts.
 *
 * <p>A layer calls, once a micro-batch and in this order, {@link #begin}, {@link #route} and {@link #weigh} in the forward pass,
 * then {@link #weighBackward} and {@link #addInputGradient} in the backward pass, which an evaluation leaves out. A hash ({@link
 * HashRouter}) needs {@code route} only. A router that learns extends {@link GatedRouter}, which does all but the choice of
 * the experts and the formula of the gates.
 *
 * <p>Ranks that must tell each other something do so in {@code route}: all of them call it in the same order.
 *
 * <p>Belongs to the thread of its rank. One instance may serve several layers only if, as a hash, it keeps nothing between
 * these calls.
 */
public interface Router {
    /** Tells of the micro-batch that comes next. */
    void begin(RouterBatch batch);

    /**
     * Returns where the rows of this micro-batch go; the plan stays as it is until the backward pass is over.
     *
     * @param x what the experts will read, [R, D], not to be changed; the same values are there again when the backward pass
     *     calls, but perhaps not in between
     */
    ShufflePlan route(Matrix x);

    /** What {@link #route} returned last. */
    ShufflePlan plan();

    /** Whether {@link #weighBackward} reads the answers of the forward pass, which must then be kept. */
    boolean keepsAnswers();

    /**
     * Multiplies each answer by its gate.
     *
     * @param answers what the experts answered, by send slot of the plan, [n, D]
     * @param weighed receives the products, [n, D]; is {@code answers} itself if those are not kept
     */
    void weigh(Matrix answers, Matrix weighed);

    /**
     * Turns the gradients of the weighed answers, in place, into those of the answers, and adds to those of the router's own
     * parameters.
     *
     * @param answers as they were in {@link #weigh}, if they are kept
     * @param dWeighed by send slot of the plan, [n, D]
     */
    void weighBackward(Matrix answers, Matrix dWeighed);

    /** Adds to dx [R, D] what reaches x through the gates. */
    void addInputGradient(Matrix dx);

    /** What it did in training since it was last asked; cleared by the caller. */
    RouterStatistics statistics();
}
