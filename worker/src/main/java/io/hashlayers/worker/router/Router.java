package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Matrix;

/**
 * Decides which experts the rows of one rank visit and how much each answer weighs; the seam of a layer of experts.
 *
 * <p>A layer calls, once a step and in this order, {@link #route} and {@link #weigh} in the forward pass, then
 * {@link #weighBackward} and {@link #addInputGradient} in the backward pass, which an evaluation leaves out. A hash needs the
 * first only. A learned router is one class more:
 *
 * <ul>
 *   <li><em>Switch</em> (Fedus et al. 2021): {@code route} multiplies x by its own weights, takes the expert with the largest
 *       softmax probability {@code g} and fills a plan with it, after the ranks told each other their counts;
 *       {@code weigh} keeps the outputs and multiplies the row of each slot by its {@code g}; {@code weighBackward} takes
 *       {@code dg} as the product of the row of the gradient with the output kept, multiplies that row by {@code g}, and
 *       takes {@code dg}, with the gradient of its balance loss, back through the softmax to its weights;
 *       {@code addInputGradient} takes it on to x.
 *   <li><em>BASE</em> (Lewis et al. 2021): {@code route} assigns, when training, equal numbers of rows to all experts; the
 *       gate is {@code sigmoid(x . w)} of the expert and goes the same way.
 * </ul>
 *
 * <p>Belongs to the thread of its rank. One instance may serve several layers only if, as a hash, it keeps nothing between
 * these calls.
 */
public interface Router {
    /**
     * Returns where the rows of this step go; the plan stays as it is until the backward pass is over.
     *
     * @param x what the experts will read, [R, D], not to be changed; the same values are there again when the backward pass
     *     calls, but perhaps not in between
     */
    ShufflePlan route(Matrix x);

    /**
     * Multiplies each answer by its gate, in place.
     *
     * @param outputs what the experts answered, by send slot of the plan, [R k, D]
     */
    void weigh(Matrix outputs);

    /**
     * Turns the gradients of the weighed answers, in place, into those of the answers, and adds to those of the router's own
     * parameters.
     *
     * @param dOutputs by send slot of the plan, [R k, D]
     */
    void weighBackward(Matrix dOutputs);

    /** Adds to dx [R, D] what reaches x through the gates. */
    void addInputGradient(Matrix dx);
}
