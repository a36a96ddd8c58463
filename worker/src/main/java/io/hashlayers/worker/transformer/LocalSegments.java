package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.RouterBatch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The segments of one layer's experts that this rank holds, each run on its own rows of what the rank received.
 *
 * <p>A segment works twice: it makes a part of the hidden row from a row and, when the parts of all segments of that row are
 * together, a part of the answer from the whole hidden row. The rows of a segment follow each other, so its input is a window,
 * not a copy.
 */
final class LocalSegments {
    private final Kernels kernels;
    private final int[] units; // e N + m for each segment m of each expert e of this rank
    private final List<FeedForwardNetwork> networks; // each D to F/N, and F to D/N
    private final ExpertDropout dropout;
    private final Matrix received; // [C, D] inputs, kept; the backward pass turns them into their gradients
    private final Matrix hiddenParts; // [C, F/N]; in the backward pass their gradients
    private final Matrix hidden; // [C, F] received as well, and kept; the backward pass turns it into its gradient
    private final Matrix answers; // [C, D/N]; in the backward pass their gradients

    private final Matrix input; // the rows of one segment: windows, moved from segment to segment
    private final Matrix inner;
    private final Matrix hiddenPart;
    private final Matrix whole;
    private final Matrix answer;

    /**
     * @param segments {@code N}, of each expert
     * @param capacity {@code C}, most rows that the rank receives in a batch
     */
    LocalSegments(Setup setup, int layer, int segments, int capacity) {
        ModelConfig config = setup.config();
        Workspace workspace = setup.workspace();
        this.kernels = setup.kernels();
        this.units = Arrays.stream(setup.parameters().localExperts(layer))
                .flatMap(expert -> IntStream.range(expert * segments, (expert + 1) * segments))
                .toArray();
        this.networks = Arrays.stream(units)
                .mapToObj(unit -> new FeedForwardNetwork(
                        setup, ParameterLayout.segmentPrefix(layer, unit / segments, segments, unit % segments)))
                .toList();
        this.dropout = new ExpertDropout(kernels, config.mixture().expertDropout(), setup.seed(), layer);
        int partDim = config.ffnDim() / segments;
        this.received = workspace.kept("received", capacity, config.modelDim());
        this.hiddenParts = workspace.scratch(SegmentMixture.use("hidden", segments), capacity, partDim);
        this.hidden = workspace.kept("received hidden", capacity, config.ffnDim());
        this.answers =
                workspace.scratch(SegmentMixture.use("answers", segments), capacity, config.modelDim() / segments);
        this.input = received.window(0, 0);
        this.inner = workspace
                .recomputable(SegmentMixture.use("inner", segments), capacity, partDim)
                .window(0, 0);
        this.hiddenPart = hiddenParts.window(0, 0);
        this.whole = hidden.window(0, 0);
        this.answer = answers.window(0, 0);
    }

    /** Segments of this rank. */
    int count() {
        return units.length;
    }

    /** Number in the layer, over all ranks, of a segment of this rank. */
    int unit(int local) {
        return units[local];
    }

    /** Where the rows go before {@link #forwardToHidden}; their gradients are there after {@link #backwardFromHidden}. */
    Matrix received() {
        return received;
    }

    /** Where parts of hidden rows are after {@link #forwardToHidden}; their gradients go there before {@link #backwardFromHidden}. */
    Matrix hiddenParts() {
        return hiddenParts;
    }

    /** Where whole hidden rows go before {@link #forwardFromHidden}; their gradients are there after {@link #backwardToHidden}. */
    Matrix hidden() {
        return hidden;
    }

    /** Where parts of answers are after {@link #forwardFromHidden}; their gradients go there before {@link #backwardToHidden}. */
    Matrix answers() {
        return answers;
    }

    void begin(RouterBatch batch) {
        dropout.begin(batch);
    }

    /** Makes {@link #hiddenParts} of what was {@link #received}. */
    void forwardToHidden(ShufflePlan plan) {
        requireSameUnits(plan);
        for (int local = 0; local < units.length; local++) {
            if (show(plan, local)) {
                networks.get(local).forwardToHidden(input, inner, hiddenPart);
                dropout.apply(hiddenPart, units[local]);
            }
        }
    }

    /** Makes {@link #answers} of {@link #hidden}. */
    void forwardFromHidden(ShufflePlan plan) {
        for (int local = 0; local < units.length; local++) {
            if (show(plan, local)) {
                FeedForwardNetwork network = networks.get(local);
                network.forwardFromHidden(whole, answer, false);
                kernels.addBias(answer, network.downBias());
            }
        }
    }

    /** Fills the recomputable buffers as {@link #forwardToHidden} did for the rows that are still in {@link #received}. */
    void recompute(ShufflePlan plan) {
        for (int local = 0; local < units.length; local++) {
            if (show(plan, local)) {
                networks.get(local).forwardToHidden(input, inner, hiddenPart);
            }
        }
    }

    /** Adds to the gradients of the second halves and turns {@link #hidden} into its gradient, from that of {@link #answers}. */
    void backwardToHidden(ShufflePlan plan) {
        for (int local = 0; local < units.length; local++) {
            if (show(plan, local)) {
                networks.get(local).backwardToHidden(whole, answer, whole);
            }
        }
    }

    /** Adds to the gradients of the first halves and turns {@link #received} into its gradient, from that of {@link #hiddenParts}. */
    void backwardFromHidden(ShufflePlan plan) {
        for (int local = 0; local < units.length; local++) {
            if (show(plan, local)) {
                dropout.apply(hiddenPart, units[local]);
                networks.get(local).backwardFromHidden(input, inner, hiddenPart, input);
            }
        }
    }

    /** Moves all windows to the rows of a segment; returns whether it has any, without which its gradient stays as it is. */
    private boolean show(ShufflePlan plan, int local) {
        int start = plan.expertStart(local);
        int rows = plan.expertRows(local);
        input.moveTo(start, rows);
        inner.moveTo(start, rows);
        hiddenPart.moveTo(start, rows);
        whole.moveTo(start, rows);
        answer.moveTo(start, rows);
        return rows > 0;
    }

    private void requireSameUnits(ShufflePlan plan) {
        if (plan.localExperts() != units.length) {
            throw new IllegalStateException(
                    "the plan is for " + plan.localExperts() + " segments on this rank, which holds " + units.length);
        }
    }
}
