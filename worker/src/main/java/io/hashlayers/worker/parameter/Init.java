package io.hashlayers.worker.parameter;

/** How a tensor gets its first values; {@link TensorSpec#scale} is the number beside it. */
public enum Init {
    /** Every element is {@code scale}. */
    CONSTANT,
    /** Normal with mean 0 and standard deviation {@code scale}. */
    NORMAL,
    /** As {@link #NORMAL}, with values beyond two standard deviations drawn again (Switch, arXiv 2101.03961, section 2.4). */
    TRUNCATED_NORMAL,
    /** Columns, or rows where they are fewer, that are orthogonal to each other and of length {@code scale}. */
    ORTHOGONAL
}
