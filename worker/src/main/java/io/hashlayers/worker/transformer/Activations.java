package io.hashlayers.worker.transformer;

/**
 * What decides, beside the model, how much memory a rank's activations take.
 *
 * @param rows {@code R}, tokens of the rank's sequences in a batch; a multiple of the context length
 * @param receiveCapacity {@code C}, most rows that the experts of the rank receive in one batch and layer
 * @param recomputed whether of each block only the input stays until the backward pass, and of a layer of experts the rows
 *     that it received; the backward pass computes the rest again, block by block (Chen et al. 2016, arXiv 1604.06174, with
 *     a segment for each block). Gradients are the same to the bit
 */
public record Activations(int rows, int receiveCapacity, boolean recomputed) {
    /** All activations that the backward pass needs stay. */
    public static Activations kept(int rows, int receiveCapacity) {
        return new Activations(rows, receiveCapacity, false);
    }
}
