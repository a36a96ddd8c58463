package io.hashlayers.worker.optimizer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.transformer.Parameter;
import io.hashlayers.worker.transformer.ParameterGroup;

/**
 * AdamW (Loshchilov and Hutter 2019) over the parameters of one rank, after clipping by the true global norm.
 *
 * <p>The dense group is a replica: its gradients are summed over the ranks and each rank makes the same update. Experts are
 * on one rank each and their gradients are whole already. An expert without rows has a zero gradient and is updated like any
 * other: its moments decay and move it.
 *
 * <p>Belongs to the thread of its rank.
 */
public final class Optimizer {
    private final OptimizerConfig config;
    private final LearningRate learningRate;
    private final ParameterGroup dense;
    private final ParameterGroup experts;
    private final Kernels kernels;
    private final Collective collective;
    private final double[] squares = new double[1];

    /**
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
        this.kernels = kernels;
        this.collective = collective;
    }

    /** The learning rate of a step, counted from 1. */
    public double learningRate(long step) {
        return learningRate.at(step);
    }

    /**
     * Updates the parameters by the gradients added up since the last step, and sets these to 0. All ranks call it together.
     *
     * @param step counted from 1
     * @return norm, before clipping, of the gradient of all parameters of all ranks, each counted once; the same bits on
     *     every rank
     * @throws TrainingException of kind {@code DIVERGED} if that is not a finite number; the parameters are then as they were
     */
    public double step(long step) {
        dense.gradients().forEach(collective::allReduce);
        double norm = Math.sqrt(squaresOf(dense) + squaresOfAllExperts());
        if (!Double.isFinite(norm)) {
            throw new TrainingException(
                    Failure.DIVERGED,
                    "the gradient norm of step " + step + " is " + norm
                            + "; lower optimizer.learning-rate, or raise optimizer.warmup-steps");
        }
        AdamStep plain = adamStep(step, norm, 0);
        AdamStep decaying = adamStep(step, norm, config.weightDecay());
        update(dense, plain, decaying);
        update(experts, plain, decaying);
        return norm;
    }

    private double squaresOfAllExperts() {
        squares[0] = squaresOf(experts);
        collective.allReduce(squares);
        return squares[0];
    }

    private double squaresOf(ParameterGroup group) {
        double sum = 0;
        for (Matrix gradient : group.gradients()) {
            sum += kernels.sumOfSquares(gradient);
        }
        return sum;
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

    private void update(ParameterGroup group, AdamStep plain, AdamStep decaying) {
        for (Parameter parameter : group.parameters()) {
            kernels.adam(
                    parameter.value(),
                    parameter.gradient(),
                    parameter.firstMoment(),
                    parameter.secondMoment(),
                    parameter.spec().decay() ? decaying : plain);
            kernels.zero(parameter.gradient()); // now, while it is in the cache
        }
    }
}
