package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.sharding.shuffle.ShuffleRound;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.ShuffleExchange;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Experts over all ranks: {@code f(x_r) = sum over j < k of g_rj FFN_{e_rj}(x_r)}, where the router names the experts {@code e}
 * and the gates {@code g} (Hash Layers, arXiv 2106.04426, eq. (3); for a hash {@code g} is 1).
 *
 * <p>Route, gather rows by expert, all-to-all, run the experts of this rank, all-to-all back, weigh, sum. The backward pass
 * goes the same way with gradients: the exchange out is a permutation, and the exchange back is its transpose.
 */
final class ExpertMixture implements Mixture {
    private final Kernels kernels;
    private final Collective collective;
    private final Router router;
    private final int numExperts;
    private final int expertsPerToken;
    private final LocalExperts experts;
    private final Matrix slots; // [R k, D] rows that leave, then the answers to them; the first n, if not all leave
    private final Matrix answers; // likewise as they came, if the router keeps them; else the same memory
    private final long[] rows; // of each expert of this rank, in training since they were taken
    private boolean training;
    private @Nullable ShufflePlan plan; // of the last forward pass

    /**
     * @param receiveCapacity most rows that this rank receives in a batch
     */
    ExpertMixture(Setup setup, Collective collective, Router router, int layer, int receiveCapacity) {
        ModelConfig config = setup.config();
        this.kernels = setup.kernels();
        this.collective = collective;
        this.router = router;
        this.numExperts = config.numExperts();
        this.expertsPerToken = config.expertsPerToken();
        this.experts = new LocalExperts(setup, layer, receiveCapacity);
        this.rows = new long[setup.parameters().localExperts(layer).length];
        int choices = Math.multiplyExact(setup.rows(), expertsPerToken);
        Workspace workspace = setup.workspace();
        this.slots = workspace.scratch("slots", choices, config.modelDim()).window(0, choices);
        this.answers = router.keepsAnswers()
                ? workspace.kept("kept answers", choices, config.modelDim()).window(0, choices)
                : slots;
    }

    @Override
    public void begin(RouterBatch batch) {
        training = batch.training();
        router.begin(batch);
        experts.begin(batch);
    }

    @Override
    public void forward(Matrix x, Matrix out, boolean accumulate) {
        ShufflePlan routed = router.route(x);
        plan = routed;
        slots.moveTo(0, routed.sendRowsTotal());
        answers.moveTo(0, routed.sendRowsTotal());
        kernels.gatherRows(x, routed.sourceRows(), slots);
        if (routed.rounds() > 1) {
            exchangeInRounds(routed);
        } else {
            collective.allToAll(slots, experts.received(), ShuffleExchange.toExperts(routed));
            experts.forward(routed);
            countRows(routed);
            collective.allToAll(experts.answers(), answers, ShuffleExchange.fromExperts(routed));
        }
        router.weigh(answers, slots);
        kernels.sumRows(slots, routed.slots(), expertsPerToken, out, accumulate);
    }

    /** Of an evaluation: nothing of a round is kept for a way back. */
    private void exchangeInRounds(ShufflePlan routed) {
        if (training) {
            throw new IllegalStateException("a training step in " + routed.rounds() + " rounds");
        }
        var round = new ShuffleRound(routed);
        for (int i = 0; i < routed.rounds(); i++) {
            round.moveTo(i);
            collective.allToAll(slots, experts.received(), ShuffleExchange.toExperts(round));
            experts.forward(round);
            collective.allToAll(experts.answers(), answers, ShuffleExchange.fromExperts(round));
        }
    }

    /** The rows that came from all ranks were kept, so what this rank's experts made of them needs no second exchange. */
    @Override
    public void recompute() {
        experts.recompute(followed());
    }

    @Override
    public void backward(Matrix dout, Matrix dx, boolean accumulate) {
        ShufflePlan followed = followed();
        slots.moveTo(0, followed.sendRowsTotal());
        kernels.gatherRows(dout, followed.sourceRows(), slots);
        router.weighBackward(answers, slots);
        collective.allToAll(slots, experts.answers(), ShuffleExchange.toExperts(followed));
        experts.backward(followed);
        collective.allToAll(experts.answers(), slots, ShuffleExchange.fromExperts(followed));
        kernels.sumRows(slots, followed.slots(), expertsPerToken, dx, accumulate);
        router.addInputGradient(dx);
    }

    @Override
    public void takeStatistics(double[] sums, int offset) {
        boolean chosen = router.statistics().addChoicesTo(sums, offset);
        for (int local = 0; local < rows.length && !chosen; local++) {
            sums[offset + experts.number(local)] += rows[local];
        }
        Arrays.fill(rows, 0);
        router.statistics().addTo(sums, offset + numExperts);
        router.statistics().clear();
    }

    @Override
    public void copyExperts(int[] visited, int offset) {
        ShufflePlan followed = followed();
        for (int row = 0; row < followed.rows(); row++) {
            visited[offset + row] = followed.experts()[row * expertsPerToken];
        }
    }

    private void countRows(ShufflePlan routed) {
        for (int local = 0; training && local < rows.length; local++) {
            rows[local] += routed.expertRows(local);
        }
    }

    private ShufflePlan followed() {
        return Objects.requireNonNull(plan, "backward before any forward");
    }
}
