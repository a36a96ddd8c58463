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
 * @param groups {@code G}: a micro-batch is cut into as many groups of consecutive rows, each assigned and shuffled by itself,
 *     whichever rank has it; 0 for one on each rank, as published
 */
public record BaseConfig(Assignment assignment, boolean shuffle, int groups) implements RouterConfig {
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

    public BaseConfig {
        if (groups < 0) {
            throw user("moe.base.groups is " + groups + "; set it to 0, for one on each rank, or more");
        }
    }

    /** One group on each rank. */
    public BaseConfig(Assignment assignment, boolean shuffle) {
        this(assignment, shuffle, 0);
    }

    @Override
    public String kind() {
        return NAME;
    }

    @Override
    public String name() {
        String name = assignment == Assignment.AUCTION ? NAME : NAME + ", sinkhorn";
        return groups == 0 ? name : name + ", " + groups + " groups";
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
            throw user("moe.experts-per-token is %d; a base router assigns 1 expert, so set it to 1"
                    .formatted(expertsPerToken));
        }
    }

    @Override
    public void requireRows(int rows, int worldSize, int numExperts) {
        if (groups > 0) {
            requireGroups((long) rows * worldSize, worldSize, numExperts);
            return;
        }
        if (rows % numExperts != 0) {
            throw user(
                    "a rank has %d tokens in a micro-batch, which a base router cannot deal out evenly to moe.num-experts = %d; change moe.num-experts, train.batch-sequences or model.context-length"
                            .formatted(rows, numExperts));
        }
        if (shuffle && rows % worldSize != 0) {
            throw user(
                    "moe.base.shuffle exchanges equal parts of the %d tokens of a rank with %d ranks, which do not divide by it; set it to false, or change train.ranks"
                            .formatted(rows, worldSize));
        }
    }

    private void requireGroups(long rowsOfAll, int worldSize, int numExperts) {
        if (groups % worldSize != 0) {
            throw user(
                    "moe.base.groups is %d, which %d ranks cannot share evenly; set it to a multiple of them, or change train.ranks"
                            .formatted(groups, worldSize));
        }
        if (rowsOfAll % ((long) groups * numExperts) != 0) {
            throw user(
                    "a micro-batch has %d tokens, which a base router cannot deal out evenly to moe.num-experts = %d in each of moe.base.groups = %d; change one of them, train.batch-sequences or model.context-length"
                            .formatted(rowsOfAll, numExperts, groups));
        }
        if (shuffle && rowsOfAll / groups % groups != 0) {
            throw user(
                    "moe.base.shuffle exchanges equal parts of the %d tokens of a group with all moe.base.groups = %d, which do not divide by it; set it to false, or change moe.base.groups"
                            .formatted(rowsOfAll / groups, groups));
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
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
        return new BaseRouter(setup, assignment, groups == 0 ? 1 : groups / setup.worldSize());
    }
}
