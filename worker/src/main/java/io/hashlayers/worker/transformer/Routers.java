package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.parameter.Seeds;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.RouterSetup;
import java.util.ArrayList;
import java.util.List;

/** Makes the routers of a model's layers of experts. */
public final class Routers {
    private Routers() {}

    /**
     * Makes one router for each sparse layer.
     *
     * @param parameters of this rank
     * @param placements of the experts of each sparse layer, in order
     * @param activations of the model that the routers are for
     * @param seed of the run
     */
    public static List<Router> create(
            Parameters parameters,
            Kernels kernels,
            Collective collective,
            List<ExpertPlacement> placements,
            Activations activations,
            long seed) {
        ModelConfig model = parameters.layout().config();
        List<Router> routers = new ArrayList<>();
        for (int i = 0; i < placements.size(); i++) {
            int layer = model.sparseLayers().get(i);
            RouterConfig config = model.router(layer);
            if (parameters.training()) {
                config.requireRows(activations.rows(), collective.worldSize(), model.numExperts());
            }
            routers.add(config.create(new RouterSetup(
                    kernels,
                    collective,
                    parameters::get,
                    ParameterLayout.routerPrefix(layer),
                    ParameterLayout.TOKEN_EMBEDDING,
                    placements.get(i),
                    activations.rows(),
                    model.modelDim(),
                    model.expertsPerToken(),
                    activations.receiveCapacity(),
                    parameters.training(),
                    Seeds.of(seed, "router of layer " + layer))));
        }
        return routers;
    }
}
