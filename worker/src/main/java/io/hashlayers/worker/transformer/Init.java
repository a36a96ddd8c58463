package io.hashlayers.worker.transformer;

/** How a tensor gets its first values; {@link TensorSpec#scale} is the number beside it. */
public enum Init {
    /** Every element is {@code scale}. */
    CONSTANT,
    /** Normal with mean 0 and standard deviation {@code scale}. */
    NORMAL
}
