package io.hashlayers.worker.transformer;

/**
 * Hears in a backward pass which gradients are complete, so that what is done with them next may begin while the pass goes on.
 */
@FunctionalInterface
public interface GradientsReady {
    /** Does nothing: for a pass whose gradients others will be added to. */
    GradientsReady NOBODY = offset -> {};

    /**
     * The gradients of all dense tensors that lie at or behind an offset are complete; the pass will not touch them again. Called
     * with smaller and smaller offsets, at last with 0.
     *
     * @param offset of a tensor, in floats from the start of the dense group
     */
    void from(long offset);
}
