package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Routes by a hash of the tokens, and weighs the answers by gates that are learned: the selection is fixed, its weights are not. */
final class WeightedHashRouter extends GatedRouter implements PlannedRouter {
    private final int numExperts;
    private final Gate gate;
    private @Nullable ShufflePlan next;

    WeightedHashRouter(RouterSetup setup, Gate gate) {
        super(setup, new HiddenInput(setup, 0));
        this.numExperts = setup.numExperts();
        this.gate = gate;
    }

    @Override
    public void follow(ShufflePlan plan) {
        next = plan;
    }

    @Override
    ShufflePlan choose(float[] scores, RouterBatch batch, float[] gates) {
        ShufflePlan plan = followed();
        for (int row = 0; row < plan.rows(); row++) {
            gate.forward(scores, numExperts, plan.experts(), expertsPerToken(), row, gates);
        }
        return plan;
    }

    @Override
    void scoreGradients(float[] scores, RouterBatch batch, float[] gates, float[] dGates, float[] dScores) {
        ShufflePlan plan = followed();
        for (int row = 0; row < plan.rows(); row++) {
            gate.backward(scores, numExperts, plan.experts(), expertsPerToken(), row, gates, dGates, dScores);
        }
    }

    private ShufflePlan followed() {
        return Objects.requireNonNull(next, "no plan was set before the first batch");
    }
}
