package io.hashlayers.worker.router;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.parameter.Init;
import io.hashlayers.worker.parameter.TensorList;
import java.util.Locale;

/**
 * Routes by a hash of the tokens (Hash Layers, arXiv 2106.04426). Which hash is no part of the model: it is in its tables.
 *
 * @param combine how the answers of a row's experts become one
 * @param scale factor of learned weights
 * @param segments {@code N}: each expert is cut into as many, and N hashes choose one of each (MultiHash); 1 for whole experts
 */
public record HashConfig(Combine combine, double scale, int segments) implements RouterConfig {
    /** The paper's: answers are summed. */
    public static final HashConfig SUM = new HashConfig(Combine.SUM, 1, 1);

    static final String NAME = "hash";

    /** Deviation of the weights that learned gates begin with. */
    private static final double DEVIATION = 0.02;

    /** How the answers of the k experts of a row become one. */
    public enum Combine {
        /** Each with weight 1. */
        SUM,
        /** Each with weight 1 / k. */
        AVERAGE,
        /** Weights that are learned, normalised: {@link SqrtSoftplusGate}. */
        LEARNED,
        /** Weights {@code sigmoid(x . w_e)}, as BASE has them, for the table of a distilled router: {@link SigmoidGate}. */
        SIGMOID;

        boolean learns() {
            return this == LEARNED || this == SIGMOID;
        }
    }

    public HashConfig {
        if (!(scale > 0)) {
            throw new TrainingException(Failure.USER, "moe.route-scale is " + scale + "; set it to more than 0");
        }
        if (segments < 1) {
            throw new TrainingException(Failure.USER, "moe.segments is " + segments + "; set it to 1 or more");
        }
        if (segments > 1 && combine != Combine.SUM) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.segments is " + segments
                            + ", whose hashes are put side by side and not weighed; set moe.combine to sum");
        }
    }

    @Override
    public String kind() {
        return NAME;
    }

    @Override
    public String name() {
        if (segments > 1) {
            return NAME + ", " + segments + " segments";
        }
        return combine == Combine.SUM ? NAME : NAME + ", " + combine.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean planned() {
        return true;
    }

    @Override
    public boolean silentExperts() {
        return false;
    }

    @Override
    public boolean keepsAnswers() {
        return combine.learns();
    }

    @Override
    public boolean shufflesRows() {
        return false;
    }

    @Override
    public void requireFit(int numExperts, int expertsPerToken) {
        if (segments > 1 && expertsPerToken != 1) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.experts-per-token is %d but moe.segments = %d hashes choose one expert each; set one of them to 1"
                            .formatted(expertsPerToken, segments));
        }
    }

    @Override
    public void requireRows(int rows, int worldSize, int numExperts) {
        // Any rows fit.
    }

    @Override
    public void addTensors(TensorList tensors, String prefix, int modelDim, int numExperts) {
        if (combine.learns()) {
            tensors.matrix(prefix + RouterSetup.WEIGHT, modelDim, numExperts, Init.NORMAL, DEVIATION);
        }
    }

    @Override
    public int receiveCapacity(int rows, int worldSize, int numExperts, int localExperts, int expertsPerToken) {
        return 0;
    }

    @Override
    public long floats(int rows, int modelDim, int numExperts) {
        return combine.learns() ? RouterScores.floats(rows, numExperts) + HiddenInput.floats(rows, modelDim, 0) : 0;
    }

    @Override
    public RouterConfig uncapped(int numExperts) {
        return this;
    }

    @Override
    public PlannedRouter create(RouterSetup setup) {
        return switch (combine) {
            case SUM -> new HashRouter();
            case AVERAGE -> HashRouter.averaging(setup.kernels(), setup.rows(), setup.expertsPerToken());
            case LEARNED -> new WeightedHashRouter(setup, new SqrtSoftplusGate(scale));
            case SIGMOID -> new WeightedHashRouter(setup, new SigmoidGate());
        };
    }
}
