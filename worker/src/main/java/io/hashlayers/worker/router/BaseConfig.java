package io.hashlayers.worker.router;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.parameter.Init;
import io.hashlayers.worker.parameter.TensorList;

/**
 * Routes by a balanced assignment (BASE, Lewis et al. 2021, arXiv 2103.16716). See {@link BaseRouter}.
 *
 * @param assignment how rows are assigned in training
 * @param shuffle whether ranks exchange rows at random before these are assigned, so that what is assigned together comes from
 *     many documents
 */
public record BaseConfig(Assignment assignment, boolean shuffle) implements RouterConfig {
    static final String NAME = "base";

    /** Length of each centroid at the beginning, as in fairseq. */
    private static final double GAIN = 0.1;

    /** How rows are assigned to experts, as many to each. */
    public enum Assignment {
        /** The largest sum of scores, but for a bound. */
        AUCTION,
        /** Entropy-regularised transport, rounded. */
        SINKHORN
    }

    @Override
    public String kind() {
        return NAME;
    }

    @Override
    public String name() {
        return assignment == Assignment.AUCTION ? NAME : NAME + ", sinkhorn";
    }

    @Override
    public boolean planned() {
        return false;
    }

    @Override
    public boolean silentExperts() {
        return true;
    }

    @Override
    public boolean keepsAnswers() {
        return true;
    }

    @Override
    public boolean shufflesRows() {
        return shuffle;
    }

    @Override
    public void requireFit(int numExperts, int expertsPerToken) {
        if (expertsPerToken != 1) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.experts-per-token is %d; a base router assigns 1 expert, so set it to 1"
                            .formatted(expertsPerToken));
        }
    }

    @Override
    public void requireRows(int rows, int worldSize, int numExperts) {
        if (rows % numExperts != 0) {
            throw new TrainingException(
                    Failure.USER,
                    "a rank has %d tokens in a micro-batch, which a base router cannot deal out evenly to moe.num-experts = %d; change moe.num-experts, train.batch-sequences or model.context-length"
                            .formatted(rows, numExperts));
        }
        if (shuffle && rows % worldSize != 0) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.base.shuffle exchanges equal parts of the %d tokens of a rank with %d ranks, which do not divide by it; set it to false, or change train.ranks"
                            .formatted(rows, worldSize));
        }
    }

    @Override
    public void addTensors(TensorList tensors, String prefix, int modelDim, int numExperts) {
        tensors.matrix(prefix + RouterSetup.WEIGHT, modelDim, numExperts, Init.ORTHOGONAL, GAIN);
    }

    /** As many rows for each expert, in an evaluation as well: where more come, they do in rounds. */
    @Override
    public int receiveCapacity(int rows, int worldSize, int numExperts, int localExperts, int expertsPerToken) {
        return Math.multiplyExact(localExperts, roomOfAnExpert(rows, worldSize, numExperts));
    }

    /** An even part of the rows of all ranks, and at least one of each. */
    static int roomOfAnExpert(int rows, int worldSize, int numExperts) {
        return Math.multiplyExact(worldSize, (rows + numExperts - 1) / numExperts);
    }

    @Override
    public long floats(int rows, int modelDim, int numExperts) {
        return RouterScores.floats(rows, numExperts) + HiddenInput.floats(rows, modelDim, 0);
    }

    @Override
    public RouterConfig uncapped(int numExperts) {
        return this;
    }

    @Override
    public Router create(RouterSetup setup) {
        return new BaseRouter(setup, assignment);
    }
}
