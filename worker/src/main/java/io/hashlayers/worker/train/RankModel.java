package io.hashlayers.worker.train;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.router.PlannedRouter;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.transfer.ModelTransfer;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Routers;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntFunction;

/** The part of the model that one rank holds, with the kernels that run it. Not thread-safe. */
final class RankModel {
    private final Kernels kernels;
    private final Parameters parameters;
    private final Routing routing;
    private final List<Router> routers;
    private final LanguageModel network;

    private RankModel(RankContext context, Parameters parameters, List<String> splits) {
        RunConfig config = context.config();
        ModelConfig model = config.model();
        int rank = context.collective().rank();
        int rows = config.sequencesPerRank(context.collective().worldSize()) * model.contextLength();
        this.kernels = KernelsFactory.named(config.kernels());
        this.parameters = parameters;
        this.routing = context.routing();
        Activations activations = new Activations(
                rows,
                routing.receiveCapacity(model, rank, rows, splits),
                config.train().recomputeActivations());
        this.routers = Routers.create(
                parameters,
                kernels,
                context.collective(),
                routing.layers().stream().map(Routing.Layer::placement).toList(),
                activations,
                config.train().seed());
        this.network = new LanguageModel(
                parameters,
                kernels,
                context.collective(),
                routers,
                activations,
                config.train().seed());
    }

    /**
     * Allocates this rank's part for training on the train split and evaluation on the valid split, with first values; those of
     * a run that goes on are 0 until they are loaded.
     */
    static RankModel forTraining(RankContext context) {
        RunConfig config = context.config();
        TuningConfig tuning = config.tuning();
        Parameters parameters = Parameters.forTraining(config.model(), localExperts(context), tuning.frozen());
        if (context.finishedSteps() > 0) {
            return new RankModel(context, parameters, List.of(DatasetFiles.TRAIN, DatasetFiles.VALID));
        }
        parameters.initialize(config.train().seed());
        if (tuning.continues()) {
            OptionalLong step = OptionalLong.of(tuning.step());
            try (CheckpointReader saved = CheckpointReader.open(context.hadoop(), tuning.from(), step)) {
                ModelTransfer.of(saved.manifest().model(), config.model()).read(saved, parameters);
            }
        }
        return new RankModel(context, parameters, List.of(DatasetFiles.TRAIN, DatasetFiles.VALID));
    }

    /** Allocates this rank's part for an evaluation of one split; all values are 0 until they are loaded. */
    static RankModel forEvaluation(RankContext context, String split) {
        Parameters parameters = Parameters.forEvaluation(context.config().model(), localExperts(context));
        return new RankModel(context, parameters, List.of(split));
    }

    Kernels kernels() {
        return kernels;
    }

    Parameters parameters() {
        return parameters;
    }

    /** Runs one micro-batch of a step forward and backward; returns the nats of this rank's rows. */
    double forwardBackward(long step, int microBatch, StepInput input, float gradientScale, GradientsReady ready) {
        follow(input);
        return network.forwardBackward(step, microBatch, input.tokens(), input.targets(), gradientScale, ready);
    }

    /** The nats of this rank's rows. */
    double loss(StepInput input) {
        follow(input);
        return network.loss(input.tokens(), input.targets());
    }

    /** Writes the most probable token after each of this rank's rows, [R]. */
    void predict(StepInput input, int[] predicted) {
        follow(input);
        network.predict(input.tokens(), predicted);
    }

    /** Adds what the layers of experts did in training since this was last called; see {@link LanguageModel#takeStatistics}. */
    void takeStatistics(double[] sums, int offset) {
        network.takeStatistics(sums, offset);
    }

    /** See {@link LanguageModel#copyExperts}. */
    void copyExperts(int sparseLayer, int[] experts, int offset) {
        network.copyExperts(sparseLayer, experts, offset);
    }

    /** Where the last micro-batch went in each sparse layer. */
    List<ShufflePlan> plans() {
        return routers.stream().map(Router::plan).toList();
    }

    private void follow(StepInput input) {
        for (int layer = 0; layer < routers.size(); layer++) {
            int hash = routing.layers().get(layer).hash();
            if (hash != Routing.Layer.LEARNED) {
                ((PlannedRouter) routers.get(layer)).follow(input.plans().get(hash));
            }
        }
    }

    private static IntFunction<int[]> localExperts(RankContext context) {
        List<Integer> sparse = context.config().model().sparseLayers();
        List<Routing.Layer> layers = context.routing().layers();
        int rank = context.collective().rank();
        return layer -> layers.get(sparse.indexOf(layer)).placement().expertsOf(rank);
    }
}
