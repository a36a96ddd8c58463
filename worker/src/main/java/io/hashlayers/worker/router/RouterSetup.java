package io.hashlayers.worker.router;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.parameter.Parameter;
import java.util.function.Function;

/**
 * What the router of one layer on one rank is made from.
 *
 * @param parameters tensors of this rank by their names
 * @param prefix of the names of the router's own tensors
 * @param tokenEmbedding name of the table of token embeddings, [V, D]
 * @param placement rank of each expert of the layer
 * @param rows {@code R}, of this rank in every micro-batch
 * @param modelDim {@code D}
 * @param expertsPerToken {@code k}
 * @param receiveCapacity most rows that this rank may receive in a micro-batch
 * @param training whether there will be training steps, and not evaluations alone
 * @param seed of what is drawn in a step, another one for each layer
 */
public record RouterSetup(
        Kernels kernels,
        Collective collective,
        Function<String, Parameter> parameters,
        String prefix,
        String tokenEmbedding,
        ExpertPlacement placement,
        int rows,
        int modelDim,
        int expertsPerToken,
        int receiveCapacity,
        boolean training,
        long seed) {
    /** The router's weights, [D, E]. */
    Parameter weight() {
        return parameters.apply(prefix + WEIGHT);
    }

    /** Behind the prefix, the name of the router's weights. */
    static final String WEIGHT = ".weight";

    int numExperts() {
        return placement.numExperts();
    }

    int rank() {
        return collective.rank();
    }

    int worldSize() {
        return collective.worldSize();
    }
}
