package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import java.util.Arrays;
import java.util.List;

/**
 * The experts of one layer that this rank holds, each run on its own rows of what the rank received.
 *
 * <p>The rows of an expert follow each other, so its input is a window, not a copy.
 */
final class LocalExperts {
    private final Kernels kernels;
    private final int[] experts; // their numbers in the layer
    private final List<FeedForwardNetwork> networks;
    private final ExpertDropout dropout;
    private final Matrix received; // [C, D] inputs, kept for the backward pass
    private final Matrix answers; // [C, D] outputs; in the backward pass their gradients, then those of the inputs

    private final Matrix input; // the rows of one expert: windows, moved from expert to expert
    private final Matrix inner;
    private final Matrix hidden;
    private final Matrix dInner;
    private final Matrix answer;

    /**
     * @param capacity {@code C}, most rows that the rank receives in a batch
     */
    LocalExperts(Setup setup, int layer, int capacity) {
        this.kernels = setup.kernels();
        this.experts = setup.parameters().localExperts(layer);
        this.networks = Arrays.stream(experts)
                .mapToObj(expert -> new FeedForwardNetwork(setup, ParameterLayout.expertPrefix(layer, expert)))
                .toList();
        this.dropout = new ExpertDropout(kernels, setup.config().mixture().expertDropout(), setup.seed(), layer);
        Workspace workspace = setup.workspace();
        int dim = setup.config().modelDim();
        int ffnDim = setup.config().ffnDim();
        this.received = workspace.kept("received", capacity, dim);
        this.answers = workspace.scratch("answers", capacity, dim);
        this.input = received.window(0, 0);
        this.inner = workspace.recomputable("expert inner", capacity, ffnDim).window(0, 0);
        this.hidden = workspace.recomputable("expert hidden", capacity, ffnDim).window(0, 0);
        this.dInner = workspace
                .backwardScratch("expert inner gradient", capacity, ffnDim)
                .window(0, 0);
        this.answer = answers.window(0, 0);
    }

    /** Number in the layer, over all ranks, of an expert of this rank. */
    int number(int local) {
        return experts[local];
    }

    /** Where the inputs go before {@link #forward}. */
    Matrix received() {
        return received;
    }

    /** Where the outputs are after {@link #forward}; their gradients go there before {@link #backward}. */
    Matrix answers() {
        return answers;
    }

    void begin(RouterBatch batch) {
        dropout.begin(batch);
    }

    void forward(ShufflePlan plan) {
        requireSameExperts(plan);
        for (int expert = 0; expert < networks.size(); expert++) {
            int rows = plan.expertRows(expert);
            if (rows == 0) {
                continue;
            }
            FeedForwardNetwork network = networks.get(expert);
            show(plan.expertStart(expert), rows);
            network.forwardToHidden(input, inner, hidden);
            dropout.apply(hidden, experts[expert]);
            network.forwardFromHidden(hidden, answer);
            kernels.addBias(answer, network.downBias());
        }
    }

    /** Fills the recomputable buffers as {@link #forward} did for the rows that are still in {@link #received}. */
    void recompute(ShufflePlan plan) {
        for (int expert = 0; expert < networks.size(); expert++) {
            int rows = plan.expertRows(expert);
            if (rows == 0) {
                continue;
            }
            show(plan.expertStart(expert), rows);
            networks.get(expert).forwardToHidden(input, inner, hidden);
            dropout.apply(hidden, experts[expert]);
        }
    }

    /** Adds to the gradients of the experts and turns {@link #answers} into the gradients of the inputs. */
    void backward(ShufflePlan plan) {
        for (int expert = 0; expert < networks.size(); expert++) {
            int rows = plan.expertRows(expert);
            if (rows == 0) {
                continue; // its gradient stays as it is, exactly 0 in a step
            }
            show(plan.expertStart(expert), rows);
            dInner.moveTo(plan.expertStart(expert), rows);
            FeedForwardNetwork network = networks.get(expert);
            network.backwardToHidden(hidden, answer, dInner);
            dropout.apply(dInner, experts[expert]);
            network.backwardFromHidden(input, inner, dInner, answer);
        }
    }

    private void show(int start, int rows) {
        input.moveTo(start, rows);
        inner.moveTo(start, rows);
        hidden.moveTo(start, rows);
        answer.moveTo(start, rows);
    }

    private void requireSameExperts(ShufflePlan plan) {
        if (plan.localExperts() != networks.size()) {
            throw new IllegalStateException(
                    "the plan is for " + plan.localExperts() + " experts on this rank, which holds " + networks.size());
        }
    }
}
