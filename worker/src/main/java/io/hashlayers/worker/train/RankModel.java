package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;

/** The part of the model that one rank holds, with the kernels that run it. Not thread-safe. */
final class RankModel {
    private final Kernels kernels;
    private final Parameters parameters;
    private final HashRouter router = new HashRouter();
    private final LanguageModel network;

    private RankModel(RankContext context, Parameters parameters, int receiveCapacity) {
        RunConfig config = context.config();
        ModelConfig model = config.model();
        this.kernels = KernelsFactory.named(config.kernels());
        this.parameters = parameters;
        List<HashRouter> routers = Collections.nCopies(model.sparseLayers().size(), router);
        int rows = config.sequencesPerRank(context.collective().worldSize()) * model.contextLength();
        this.network = new LanguageModel(
                parameters,
                kernels,
                context.collective(),
                routers,
                new Activations(rows, receiveCapacity, config.train().recomputeActivations()),
                config.train().seed());
    }

    /** Allocates this rank's part for training on the train split and evaluation on the valid split, with first values. */
    static RankModel forTraining(RankContext context) {
        Parameters parameters = Parameters.forTraining(context.config().model(), localExperts(context));
        parameters.initialize(context.config().train().seed());
        int capacity = Math.max(receives(context, DatasetFiles.TRAIN), receives(context, DatasetFiles.VALID));
        return new RankModel(context, parameters, capacity);
    }

    /** Allocates this rank's part for an evaluation of one split; all values are 0 until they are loaded. */
    static RankModel forEvaluation(RankContext context, String split) {
        Parameters parameters = Parameters.forEvaluation(context.config().model(), localExperts(context));
        return new RankModel(context, parameters, receives(context, split));
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

    private void follow(StepInput input) {
        if (input.plan() != null) {
            router.follow(input.plan());
        }
    }

    private static IntFunction<int[]> localExperts(RankContext context) {
        Routing routing = context.routing();
        if (routing == null && !context.config().model().sparseLayers().isEmpty()) {
            throw new TrainingException(Failure.BUG, "a model with sparse layers was started without a routing");
        }
        int[] experts = routing == null
                ? new int[0]
                : routing.placement().expertsOf(context.collective().rank());
        return layer -> experts;
    }

    /** Most rows that a batch of the split sends to this rank. */
    private static int receives(RankContext context, String split) {
        Routing routing = context.routing();
        return routing == null
                ? 0
                : routing.plan()
                        .split(split)
                        .peakRows()
                        .get(context.collective().rank());
    }
}
