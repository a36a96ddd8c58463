package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.kernels.Matrix;

/**
 * A tensor as a checkpoint knows it.
 *
 * @param name unique in the checkpoint, such as {@code h.3.experts.5.up.weight}
 * @param values [rows, cols]; read while it is written, not kept
 */
public record NamedTensor(String name, Matrix values) {}
