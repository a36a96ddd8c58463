package io.hashlayers.worker.router;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.assignment.ExpertCapacity;
import io.hashlayers.worker.parameter.Init;
import io.hashlayers.worker.parameter.TensorList;
import java.util.Locale;

/**
 * Routes to the experts with the largest probabilities: one (Switch, Fedus et al. 2021, arXiv 2101.03961) or two (GShard, Lepikhin
 * et al. 2020, arXiv 2006.16668). See {@link SwitchRouter}.
 *
 * @param capacityFactor {@code c}: an expert takes at most {@code ceil(c k T / E)} of the T tokens of a micro-batch in training
 * @param evaluationCapacityFactor the same when evaluating
 * @param balanceWeight {@code alpha} of the balance loss, 0 for none
 * @param jitter half the width of the factors that the router's input is multiplied with in training, 0 for none
 * @param reads what the router reads
 */
public record SwitchConfig(
        double capacityFactor, double evaluationCapacityFactor, double balanceWeight, double jitter, Reads reads)
        implements RouterConfig {
    static final String NAME = "switch";

    /** Experts of a token, at most. */
    private static final int MOST_EXPERTS_PER_TOKEN = 2;

    /** The paper's scale of first values: deviation sqrt(0.1 / D). */
    private static final double INITIALIZATION_SCALE = 0.1;

    /** What a router reads. */
    public enum Reads {
        /** What the experts read: the normalised hidden state. */
        HIDDEN,
        /** The embedding of the token alone. */
        TOKEN
    }

    public SwitchConfig {
        requireMoreThan0("moe.switch.capacity-factor", capacityFactor);
        requireMoreThan0("moe.switch.evaluation-capacity-factor", evaluationCapacityFactor);
        if (!(balanceWeight >= 0)) {
            throw user("moe.switch.balance-weight is " + balanceWeight + "; set it to 0 or more");
        }
        if (!(jitter >= 0 && jitter < 1)) {
            throw user("moe.switch.jitter is " + jitter + "; set it to 0 or more and less than 1");
        }
    }

    @Override
    public String kind() {
        return NAME;
    }

    @Override
    public String name() {
        return reads == Reads.HIDDEN ? NAME : NAME + ", " + reads.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean planned() {
        return false;
    }

    @Override
    public boolean silentExperts() {
        return false;
    }

    @Override
    public boolean keepsAnswers() {
        return true;
    }

    @Override
    public boolean shufflesRows() {
        return false;
    }

    @Override
    public void requireFit(int numExperts, int expertsPerToken) {
        if (expertsPerToken > MOST_EXPERTS_PER_TOKEN) {
            throw user("moe.experts-per-token is %d; a switch router takes 1 (Switch) or 2 (GShard)"
                    .formatted(expertsPerToken));
        }
    }

    @Override
    public void requireRows(int rows, int worldSize, int numExperts) {
        if (numExperts > rows * worldSize) {
            throw user(
                    "moe.num-experts is %d but a micro-batch has %d tokens only; lower it, or raise train.batch-sequences"
                            .formatted(numExperts, rows * worldSize));
        }
    }

    @Override
    public void addTensors(TensorList tensors, String prefix, int modelDim, int numExperts) {
        tensors.matrix(
                prefix + RouterSetup.WEIGHT,
                modelDim,
                numExperts,
                Init.TRUNCATED_NORMAL,
                Math.sqrt(INITIALIZATION_SCALE / modelDim));
    }

    @Override
    public int receiveCapacity(int rows, int worldSize, int numExperts, int localExperts, int expertsPerToken) {
        double factor = Math.max(capacityFactor, evaluationCapacityFactor);
        int tokens = Math.multiplyExact(rows, worldSize);
        long most = (long) localExperts * mostRows(factor, tokens, numExperts, expertsPerToken);
        return Math.toIntExact(Math.min(most, (long) tokens * expertsPerToken));
    }

    /** Most rows of an expert, which are never more than there are tokens, since a token visits an expert once. */
    int mostRows(double factor, int tokens, int numExperts, int expertsPerToken) {
        double enough = Math.min(factor, numExperts); // for all choices of all tokens
        return Math.min(tokens, ExpertCapacity.capacity(enough, expertsPerToken, tokens, numExperts));
    }

    @Override
    public long floats(int rows, int modelDim, int numExperts) {
        return RouterScores.floats(rows, numExperts)
                + (reads == Reads.TOKEN
                        ? TokenInput.floats(rows, modelDim)
                        : HiddenInput.floats(rows, modelDim, jitter));
    }

    /** With the number of experts as its factor, the capacity is all choices. */
    @Override
    public RouterConfig uncapped(int numExperts) {
        return new SwitchConfig(capacityFactor, numExperts, balanceWeight, jitter, reads);
    }

    @Override
    public Router create(RouterSetup setup) {
        return new SwitchRouter(
                setup, this, reads == Reads.TOKEN ? new TokenInput(setup, jitter) : new HiddenInput(setup, jitter));
    }

    private static void requireMoreThan0(String key, double value) {
        if (!(value > 0)) {
            throw user(key + " is " + value + "; set it to more than 0");
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
