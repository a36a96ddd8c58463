package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ExpertRows;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The experts of one layer that this rank holds, each run on its own rows of what the rank received.
 *
 * <p>An expert is one network or several one behind the other. Its rows follow each other, so its input is a window, not a copy.
 */
final class LocalExperts {
    private final Kernels kernels;
    private final int[] experts; // their numbers in the layer
    private final List<ExpertSublayer> sublayers;
    private final ExpertDropout dropout;
    private final Matrix received; // [C, D] inputs, kept for the backward pass
    private final Matrix answers; // [C, D] outputs; in the backward pass their gradients, then those of the inputs

    private final Matrix input; // the rows of one expert: windows, moved from expert to expert
    private final Matrix answer;
    private final Matrix dInner;
    private final @Nullable StackedBackward stacked; // if there are several sublayers

    /**
     * @param capacity {@code C}, most rows that the rank receives in a batch
     */
    LocalExperts(Setup setup, int layer, int capacity) {
        this.kernels = setup.kernels();
        this.experts = setup.parameters().localExperts(layer);
        MixtureConfig mixture = setup.config().mixture();
        this.dropout = new ExpertDropout(kernels, mixture.expertDropout(), setup.seed(), layer);
        this.sublayers = IntStream.range(0, mixture.sublayers())
                .mapToObj(sublayer -> new ExpertSublayer(setup, dropout, layer, sublayer, capacity))
                .toList();
        Workspace workspace = setup.workspace();
        int dim = setup.config().modelDim();
        this.received = workspace.kept("received", capacity, dim);
        this.answers = workspace.scratch("answers", capacity, dim);
        this.input = received.window(0, 0);
        this.answer = answers.window(0, 0);
        this.dInner = workspace
                .backwardScratch(
                        "expert inner gradient", capacity, setup.config().ffnDim())
                .window(0, 0);
        this.stacked = sublayers.size() > 1 ? new StackedBackward(workspace, capacity, dim) : null;
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

    void forward(ExpertRows shown) {
        requireSameExperts(shown);
        for (int expert = 0; expert < experts.length; expert++) {
            if (show(shown, expert)) {
                forward(expert, sublayers.size());
            }
        }
    }

    private void forward(int expert, int ofSublayers) {
        for (int i = 0; i < ofSublayers; i++) {
            sublayers.get(i).forward(expert, input, answer);
        }
    }

    /** Fills the recomputable buffers as {@link #forward} did for the rows that are still in {@link #received}. */
    void recompute(ExpertRows shown) {
        int last = sublayers.size() - 1;
        for (int expert = 0; expert < experts.length; expert++) {
            if (show(shown, expert)) {
                forward(expert, last);
                sublayers.get(last).forwardToHidden(expert, input, answer);
            }
        }
    }

    /** Adds to the gradients of the experts and turns {@link #answers} into the gradients of the inputs. */
    void backward(ExpertRows shown) {
        for (int expert = 0; expert < experts.length; expert++) {
            if (!show(shown, expert)) {
                continue; // its gradient stays as it is, exactly 0 in a step
            }
            dInner.moveTo(shown.expertStart(expert), shown.expertRows(expert));
            if (stacked == null) {
                sublayers.get(0).backward(expert, input, answer, dInner);
            } else {
                stacked.show(shown.expertStart(expert), shown.expertRows(expert));
                stacked.backward(expert);
            }
        }
    }

    /** Moves the windows to the rows of an expert, if it has any. */
    private boolean show(ExpertRows shown, int expert) {
        int rows = shown.expertRows(expert);
        if (rows == 0) {
            return false;
        }
        int start = shown.expertStart(expert);
        input.moveTo(start, rows);
        answer.moveTo(start, rows);
        for (ExpertSublayer sublayer : sublayers) {
            sublayer.show(start, rows);
        }
        return true;
    }

    private void requireSameExperts(ExpertRows shown) {
        if (shown.localExperts() != experts.length) {
            throw new IllegalStateException(
                    "the plan is for " + shown.localExperts() + " experts on this rank, which holds " + experts.length);
        }
    }

    /**
     * Goes back through several sublayers. With {@code s = y_0 + ... + y_n}, each of which but the first reads what is before it,
     * the gradient of {@code y_i} is that of {@code s} plus those of the streams that {@code y_i} is in.
     */
    private final class StackedBackward {
        private final Matrix gradient; // [rows of the expert, D] of a network's answer, then of its input
        private final Matrix dStream; // [rows, D] of the streams behind it

        StackedBackward(Workspace workspace, int capacity, int dim) {
            this.gradient = workspace
                    .backwardScratch("sublayer gradient", capacity, dim)
                    .window(0, 0);
            this.dStream = workspace
                    .backwardScratch("expert stream gradient", capacity, dim)
                    .window(0, 0);
        }

        void show(int start, int rows) {
            gradient.moveTo(start, rows);
            dStream.moveTo(start, rows);
        }

        void backward(int expert) {
            kernels.zero(dStream);
            for (int i = sublayers.size() - 1; i > 0; i--) {
                gradient.copyFrom(answer);
                kernels.add(gradient, dStream);
                sublayers.get(i).backward(expert, input, gradient, dInner);
                sublayers.get(i).normBackward(expert, gradient, dStream);
            }
            kernels.add(answer, dStream);
            sublayers.get(0).backward(expert, input, answer, dInner);
            kernels.add(answer, dStream); // the input is in every stream
        }
    }
}
