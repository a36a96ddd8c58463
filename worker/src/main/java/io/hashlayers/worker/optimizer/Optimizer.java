package io.hashlayers.worker.optimizer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.transformer.GradientsReady;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * AdamW (Loshchilov and Hutter 2019) over the parameters of one rank, after clipping by the true global norm.
 *
 * <p>The dense group is a replica. Its gradients are summed over the ranks by a reduce-scatter, each rank keeps the moments of
 * its share alone and updates that, and an all-gather spreads the new values. Experts are on one rank each and their gradients
 * are whole already. An expert without rows has a zero gradient and is updated like any other: its moments decay and move it.
 * Frozen parameters keep their values to the bit and count nothing in the norm.
 *
 * <p>A step is {@link #reduceGradients}, then {@link #update}. Before it, the last backward pass may tell {@link #gradientsReady} which
 * gradients are complete: their sum then begins while the pass goes on. Belongs to the thread of its rank.
 */
public final class Optimizer {
    private final OptimizerConfig config;
    private final LearningRate learningRate;
    private final ParameterGroup dense;
    private final ParameterGroup experts;
    private final List<Matrix> denseValues;
    private final DenseReduction reduction;
    private final UpdatedParameters share;
    private final UpdatedParameters own;
    private final Kernels kernels;
    private final Collective collective;
    private double[] sums = new double[1];

    /**
     * Allocates the moments, all 0.
     *
     * @param steps steps of the whole run, for the schedule
     * @param dense parameters that every rank has
     * @param experts parameters that only this rank has
     */
    public Optimizer(
            OptimizerConfig config,
            long steps,
            ParameterGroup dense,
            ParameterGroup experts,
            Kernels kernels,
            Collective collective) {
        this.config = config;
        this.learningRate = new LearningRate(config, steps);
        this.dense = dense;
        this.experts = experts;
        this.denseValues = dense.values();
        this.reduction = new DenseReduction(dense, kernels, collective);
        this.share = new UpdatedParameters(dense, collective.rank(), collective.worldSize());
        this.own = new UpdatedParameters(experts, 0, 1);
        this.kernels = kernels;
        this.collective = collective;
    }

    /** The learning rate of a step, counted from 1. */
    public double learningRate(long step) {
        return learningRate.at(step);
    }

    /** Hears in the last backward pass of a step which dense gradients are complete, and begins to sum them over the ranks. */
    public GradientsReady gradientsReady() {
        return reduction;
    }

    /**
     * Sums the gradients that were added up since the last step over the ranks. All ranks call it together.
     *
     * @param more is summed over the ranks in the same exchange, in rank order
     * @return norm, before clipping, of the gradient of all parameters of all ranks that are not frozen, each counted once; the
     *     same bits on every rank
     */
    public double reduceGradients(double[] more) {
        reduction.from(0);
        experts.completeGradients(kernels);
        double ofExperts = own.sumOfSquares(kernels); // while the last pieces are under way
        reduction.finish();
        if (sums.length != 1 + more.length) {
            sums = new double[1 + more.length];
        }
        sums[0] = share.sumOfSquares(kernels) + ofExperts;
        System.arraycopy(more, 0, sums, 1, more.length);
        collective.allReduce(sums);
        System.arraycopy(sums, 1, more, 0, more.length);
        return Math.sqrt(sums[0]);
    }

    /**
     * Updates the parameters by the reduced gradients, and clears these. All ranks call it together.
     *
     * @param step counted from 1
     * @param norm what {@link #reduceGradients} returned
     * @throws TrainingException of kind {@code DIVERGED} if that is not a finite number; the parameters are then as they were
     */
    public void update(long step, double norm) {
        if (!Double.isFinite(norm)) {
            throw new TrainingException(
                    Failure.DIVERGED,
                    "the gradient norm of step " + step + " is " + norm
                            + "; lower optimizer.learning-rate, or raise optimizer.warmup-steps");
        }
        AdamStep plain = adamStep(step, norm, 0);
        AdamStep decaying = adamStep(step, norm, config.weightDecay());
        long gathers = 0;
        for (int piece = 0; piece < denseValues.size(); piece++) {
            share.update(piece, kernels, plain, decaying);
            gathers = collective.beginAllGather(denseValues.get(piece));
        }
        own.update(kernels, plain, decaying); // while the new values are under way
        collective.finish(gathers);
        dense.clearGradients();
        experts.clearGradients();
    }

    /** The moments of the dense parameters, which the ranks share. */
    public List<Moment> denseMoments() {
        return moments(dense, share, collective);
    }

    /** The moments of this rank's experts. */
    public List<Moment> expertMoments() {
        return moments(experts, own, null);
    }

    private static List<Moment> moments(ParameterGroup group, UpdatedParameters updated, @Nullable Collective sharers) {
        return Arrays.stream(Moment.Kind.values())
                .map(kind -> new Moment(kind, group, updated, sharers))
                .toList();
    }

    private AdamStep adamStep(long step, double norm, double weightDecay) {
        double limit = config.clipNorm();
        double scale = limit > 0 && norm > limit ? limit / norm : 1;
        return new AdamStep(
                (float) learningRate.at(step),
                (float) config.beta1(),
                (float) config.beta2(),
                (float) config.epsilon(),
                (float) weightDecay,
                (float) scale,
                (float) (1 - Math.pow(config.beta1(), (double) step)),
                (float) (1 - Math.pow(config.beta2(), (double) step)));
    }
}
