package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.ShuffleExchange;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Segments of experts over all ranks, of which N hashes choose one each (MultiHash of Hash Layers, arXiv 2106.04426; the shapes
 * are ours, see {@link io.hashlayers.sharding.hash.MultiHash}): with {@code e_m = hash_m(x_r)},
 *
 * <pre>
 * v_r    = act([h_r A_{1,e_1} + a_{1,e_1}, ..., h_r A_{N,e_N} + a_{N,e_N}])    A: [D, F/N]
 * f(h_r) =     [v_r B_{1,e_1} + b_{1,e_1}, ..., v_r B_{N,e_N} + b_{N,e_N}]     B: [F, D/N]
 * </pre>
 *
 * <p>Every segment of the second line reads all of {@code v}, so rows are exchanged twice by the same plan, of N choices for each
 * row: rows to N segments and parts of v back, then v to N segments and parts of the answer back. Choice m of a row is always a
 * segment m, so parts in the order of (row, choice) are the rows themselves. The backward pass goes the same ways with gradients.
 */
final class SegmentMixture implements Mixture {
    private final Kernels kernels;
    private final Collective collective;
    private final Router router;
    private final int numExperts;
    private final int segments;
    private final LocalSegments local;
    private final Matrix rowSlots; // [R N, D] rows that leave; in the backward pass the gradients that come
    private final Matrix partSlots; // [R N, F/N] parts of v that come; in the backward pass the gradients that leave
    private final Matrix hidden; // [R, F] v; in the backward pass its gradient
    private final Matrix hiddenParts; // [R N, F/N] the same memory
    private final Matrix hiddenSlots; // [R N, F] v that leaves; in the backward pass the gradients that come
    private final Matrix
            answerSlots; // [R N, D/N] parts of answers that come; in the backward pass the gradients that leave
    private final PartsOfRows out; // [R N, D/N] what the layer writes
    private final PartsOfRows dout; // and its gradient
    private final int[] choices; // (row, choice) of each slot, [R N]
    private final long[] rows; // of each segment of this rank, in training since they were taken
    private boolean training;
    private @Nullable ShufflePlan plan; // of the last forward pass

    /**
     * @param receiveCapacity most rows that this rank receives in a batch
     */
    SegmentMixture(Setup setup, Collective collective, Router router, int layer, int receiveCapacity) {
        ModelConfig config = setup.config();
        this.kernels = setup.kernels();
        this.collective = collective;
        this.router = router;
        this.numExperts = config.numExperts();
        this.segments = config.router(layer).segments();
        this.local = new LocalSegments(setup, layer, segments, receiveCapacity);
        this.rows = new long[local.count()];
        int slots = Math.multiplyExact(setup.rows(), segments);
        int dim = config.modelDim();
        int ffnDim = config.ffnDim();
        Workspace workspace = setup.workspace();
        this.rowSlots = workspace.scratch(use("row slots", segments), slots, dim);
        this.partSlots = workspace.scratch(use("hidden slots", segments), slots, ffnDim / segments);
        this.hidden = workspace.scratch("whole hidden", setup.rows(), ffnDim);
        this.hiddenParts = hidden.inRowsOf(ffnDim / segments);
        this.hiddenSlots = workspace.scratch(use("whole hidden slots", segments), slots, ffnDim);
        this.answerSlots = workspace.scratch(use("answer slots", segments), slots, dim / segments);
        this.out = new PartsOfRows(dim / segments);
        this.dout = new PartsOfRows(dim / segments);
        this.choices = new int[slots];
    }

    /** Names a buffer whose shape depends on how many segments an expert has. */
    static String use(String what, int segments) {
        return what + " of " + segments + " segments";
    }

    @Override
    public void begin(RouterBatch batch) {
        training = batch.training();
        router.begin(batch);
        local.begin(batch);
    }

    @Override
    public void forward(Matrix x, Matrix answer, boolean accumulate) {
        ShufflePlan routed = router.route(x);
        follow(routed);
        RowExchange away = ShuffleExchange.toExperts(routed);
        RowExchange back = ShuffleExchange.fromExperts(routed);

        kernels.gatherRows(x, routed.sourceRows(), rowSlots);
        collective.allToAll(rowSlots, local.received(), away);
        local.forwardToHidden(routed);
        countRows(routed);
        collective.allToAll(local.hiddenParts(), partSlots, back);
        kernels.gatherRows(partSlots, routed.slots(), hiddenParts);

        kernels.gatherRows(hidden, routed.sourceRows(), hiddenSlots);
        collective.allToAll(hiddenSlots, local.hidden(), away);
        local.forwardFromHidden(routed);
        collective.allToAll(local.answers(), answerSlots, back);
        kernels.sumRows(answerSlots, routed.slots(), 1, out.of(answer), accumulate);
    }

    /** What came from all ranks was kept, rows and hidden rows, so what the segments made of it needs no other exchange. */
    @Override
    public void recompute() {
        local.recompute(followed());
    }

    @Override
    public void backward(Matrix dAnswer, Matrix dx, boolean accumulate) {
        ShufflePlan followed = followed();
        RowExchange away = ShuffleExchange.toExperts(followed);
        RowExchange back = ShuffleExchange.fromExperts(followed);

        kernels.gatherRows(dout.of(dAnswer), choices, answerSlots);
        collective.allToAll(answerSlots, local.answers(), away);
        local.backwardToHidden(followed);
        collective.allToAll(local.hidden(), hiddenSlots, back);
        kernels.sumRows(hiddenSlots, followed.slots(), segments, hidden, false);

        kernels.gatherRows(hiddenParts, choices, partSlots);
        collective.allToAll(partSlots, local.hiddenParts(), away);
        local.backwardFromHidden(followed);
        collective.allToAll(local.received(), rowSlots, back);
        kernels.sumRows(rowSlots, followed.slots(), segments, dx, accumulate);
    }

    @Override
    public void takeStatistics(double[] sums, int offset) {
        for (int unit = 0; unit < rows.length; unit++) {
            sums[offset + local.unit(unit) / segments] += rows[unit];
        }
        Arrays.fill(rows, 0);
        router.statistics().addTo(sums, offset + numExperts);
        router.statistics().clear();
    }

    /** The expert of the first segment. */
    @Override
    public void copyExperts(int[] experts, int offset) {
        ShufflePlan followed = followed();
        for (int row = 0; row < followed.rows(); row++) {
            experts[offset + row] = followed.experts()[row * segments] / segments;
        }
    }

    /** Takes a plan for the passes of a batch. */
    private void follow(ShufflePlan routed) {
        if (routed.expertsPerToken() != segments) {
            throw new IllegalStateException("the plan is for " + routed.expertsPerToken()
                    + " choices of each row, which visits " + segments + " segments");
        }
        plan = routed;
        int[] slots = routed.slots();
        for (int choice = 0; choice < choices.length; choice++) {
            choices[slots[choice]] = choice;
        }
    }

    private void countRows(ShufflePlan routed) {
        for (int unit = 0; training && unit < rows.length; unit++) {
            rows[unit] += routed.expertRows(unit);
        }
    }

    private ShufflePlan followed() {
        return Objects.requireNonNull(plan, "backward before any forward");
    }

    /** The rows of a matrix seen as their parts, one behind the other. */
    private static final class PartsOfRows {
        private final int width;
        private @Nullable Matrix rows;
        private @Nullable Matrix parts;

        PartsOfRows(int width) {
            this.width = width;
        }

        /** A layer is always called with the same matrix, so this makes one view, in the first step. */
        Matrix of(Matrix whole) {
            Matrix view = parts;
            if (view == null || rows != whole) {
                view = whole.inRowsOf(width);
                rows = whole;
                parts = view;
            }
            return view;
        }
    }
}
