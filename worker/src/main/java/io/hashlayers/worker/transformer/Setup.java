package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.parameter.Parameter;

/**
 * What the layers of one model are made from.
 *
 * @param rows {@code R}, rows of this rank in every batch
 * @param parameters of this rank
 * @param workspace memory for activations
 * @param seed of what a step draws
 * @param stream joins branches with the residual stream
 */
record Setup(
        ModelConfig config,
        int rows,
        Parameters parameters,
        Kernels kernels,
        Workspace workspace,
        long seed,
        ResidualStream stream) {
    Parameter parameter(String name) {
        return parameters.get(name);
    }
}
