package io.hashlayers.worker.parameter;

/**
 * One tensor of parameters, described without allocating it.
 *
 * @param name unique in the model, such as {@code h.3.experts.5.up.weight}; the name in checkpoints
 * @param rows 1 for biases and norms
 * @param cols length of a row
 * @param init kind of first values
 * @param scale of the first values, see {@link Init}
 * @param decay whether weight decay applies: matrices yes, biases and norms no
 * @param offset of its first element, in floats, from the start of the dense group or of its expert
 */
public record TensorSpec(String name, int rows, int cols, Init init, double scale, boolean decay, long offset) {
    /** Number of elements. */
    public long size() {
        return (long) rows * cols;
    }

    /** The same tensor at another place. */
    public TensorSpec at(long newOffset) {
        return new TensorSpec(name, rows, cols, init, scale, decay, newOffset);
    }
}
