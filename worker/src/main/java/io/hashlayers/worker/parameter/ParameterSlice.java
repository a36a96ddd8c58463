package io.hashlayers.worker.parameter;

import io.hashlayers.worker.kernels.Matrix;

/**
 * A run of elements of one tensor.
 *
 * @param parameter the tensor
 * @param value the elements, [1, n]
 * @param gradient their gradients, [1, n]
 */
public record ParameterSlice(Parameter parameter, Matrix value, Matrix gradient) {}
