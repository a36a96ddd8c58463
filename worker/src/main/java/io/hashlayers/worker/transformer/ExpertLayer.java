package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.ShuffleExchange;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A layer of experts over all ranks: {@code f(x_r) = sum over j < k of g_rj FFN_{e_rj}(x_r)}, where the router names the
 * experts {@code e} and the gates {@code g} (Hash Layers, arXiv 2106.04426, eq. (3); for a hash {@code g} is 1).
 *
 * <p>Route, gather rows by expert, all-to-all, run the experts of this rank, all-to-all back, weigh, sum. The backward pass
 * goes the same way with gradients: the exchange out is a permutation, and the exchange back is its transpose.
 */
final class ExpertLayer implements FeedForward {
    private final Kernels kernels;
    private final Collective collective;
    private final Router router;
    private final ResidualStream stream;
    private final int place;
    private final int expertsPerToken;
    private final LocalExperts experts;
    private final Matrix slots; // [R k, D] rows that leave, then the answers to them
    private @Nullable ShufflePlan plan; // of the last forward pass

    /**
     * @param receiveCapacity most rows that this rank receives in a batch
     */
    ExpertLayer(Setup setup, Collective collective, Router router, int layer, int receiveCapacity) {
        ModelConfig config = setup.config();
        this.kernels = setup.kernels();
        this.collective = collective;
        this.router = router;
        this.stream = setup.stream();
        this.place = ResidualStream.feedForward(layer);
        this.expertsPerToken = config.expertsPerToken();
        this.experts = new LocalExperts(setup, layer, receiveCapacity);
        this.slots = setup.workspace()
                .scratch("slots", Math.multiplyExact(setup.rows(), expertsPerToken), config.modelDim());
    }

    @Override
    public void forward(Matrix x, Matrix residual, Matrix out) {
        plan = router.route(x);
        kernels.gatherRows(x, plan.sourceRows(), slots);
        collective.allToAll(slots, experts.received(), ShuffleExchange.toExperts(plan));
        experts.forward(plan);
        collective.allToAll(experts.answers(), slots, ShuffleExchange.fromExperts(plan));
        router.weigh(slots);
        kernels.sumRows(slots, plan.slots(), expertsPerToken, out, false);
        stream.join(residual, out, place);
    }

    /** The rows that came from all ranks were kept, so what this rank's experts made of them needs no second exchange. */
    @Override
    public void recompute(Matrix x) {
        experts.recompute(followed());
    }

    @Override
    public void backward(Matrix x, Matrix dout, Matrix dx) {
        ShufflePlan followed = followed();
        kernels.gatherRows(stream.branchGradient(dout, place), followed.sourceRows(), slots);
        router.weighBackward(slots);
        collective.allToAll(slots, experts.answers(), ShuffleExchange.toExperts(followed));
        experts.backward(followed);
        collective.allToAll(experts.answers(), slots, ShuffleExchange.fromExperts(followed));
        kernels.sumRows(slots, followed.slots(), expertsPerToken, dx, false);
        router.addInputGradient(dx);
    }

    private ShufflePlan followed() {
        return Objects.requireNonNull(plan, "backward before any forward");
    }
}
