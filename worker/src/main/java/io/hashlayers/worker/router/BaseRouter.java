package io.hashlayers.worker.router;

import io.hashlayers.sharding.assignment.AuctionAssignment;
import io.hashlayers.sharding.assignment.BalancedAssignment;
import io.hashlayers.sharding.assignment.GroupedAssignment;
import io.hashlayers.sharding.assignment.SinkhornAssignment;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The router of BASE (Lewis et al. 2021, arXiv 2103.16716): scores {@code s = x . w_e} with the centroid of each expert. In training
 * each rank assigns its own R rows, exactly R / E to each expert, so as to maximise the sum of their scores (eq. (2)); nobody
 * needs to tell anybody a count. An evaluation takes the best expert of each row, whatever its load, and exchanges
 * in rounds what there is no room for at once. The gate is {@code sigmoid(x . w_e)} (eq. (1)).
 *
 * <p>Depends on the number of ranks as published: W ranks solve W problems of R rows and not one of W R. With a number of
 * groups it does not: then each group of consecutive rows of the whole micro-batch is a problem, and a rank has some of them.
 */
final class BaseRouter extends GatedRouter {
    private static final int SINKHORN_ITERATIONS = 20;

    /** In parts of the widest range of a row's scores. */
    private static final double SINKHORN_TEMPERATURE = 0.1;

    private final int numExperts;
    private final int rows;
    private final int roomOfAnExpert;
    private final int groups; // of this rank
    private final @Nullable BalancedAssignment assignment; // null where nothing is trained
    private final Gate gate = new SigmoidGate();
    private final CountedPlan counted;
    private final int[] chosen; // [R]
    private final int[] counts; // [E] of this rank

    /**
     * @param groups that the rows of this rank are assigned in, in training
     */
    BaseRouter(RouterSetup setup, BaseConfig.Assignment kind, int groups) {
        super(setup, new HiddenInput(setup, 0));
        this.numExperts = setup.numExperts();
        this.rows = setup.rows();
        this.roomOfAnExpert = BaseConfig.roomOfAnExpert(rows, setup.worldSize(), numExperts);
        this.groups = groups;
        this.assignment = setup.training() ? assignment(kind) : null;
        this.counted = new CountedPlan(setup, numExperts);
        this.chosen = new int[rows];
        this.counts = new int[numExperts];
    }

    private BalancedAssignment assignment(BaseConfig.Assignment kind) {
        int each = rows / groups;
        BalancedAssignment ofGroup = kind == BaseConfig.Assignment.AUCTION
                ? new AuctionAssignment(each, numExperts)
                : new SinkhornAssignment(each, numExperts, SINKHORN_ITERATIONS, SINKHORN_TEMPERATURE);
        return groups == 1 ? ofGroup : new GroupedAssignment(ofGroup, groups, each, numExperts);
    }

    @Override
    ShufflePlan choose(float[] scores, RouterBatch batch, float[] gates) {
        ShufflePlan plan = batch.training() ? assign(scores) : takeTheBest(scores);
        for (int row = 0; row < rows; row++) {
            gate.forward(scores, numExperts, chosen, 1, row, gates);
        }
        return plan;
    }

    private ShufflePlan assign(float[] scores) {
        BalancedAssignment balanced = Objects.requireNonNull(assignment, "made for evaluations alone");
        balanced.assign(scores, chosen);
        statistics().noteAssignments(groups, balanced.rounds());
        int each = rows / numExperts;
        return counted.fill(chosen, (rank, expert) -> each);
    }

    private ShufflePlan takeTheBest(float[] scores) {
        Arrays.fill(counts, 0);
        for (int row = 0; row < rows; row++) {
            int best = 0;
            for (int expert = 1; expert < numExperts; expert++) {
                if (scores[row * numExperts + expert] > scores[row * numExperts + best]) {
                    best = expert;
                }
            }
            chosen[row] = best;
            counts[best]++;
        }
        return counted.fillInRounds(chosen, counted.exchange(counts), roomOfAnExpert);
    }

    @Override
    void scoreGradients(float[] scores, RouterBatch batch, float[] gates, float[] dGates, float[] dScores) {
        for (int row = 0; row < rows; row++) {
            gate.backward(scores, numExperts, chosen, 1, row, gates, dGates, dScores);
        }
    }
}
