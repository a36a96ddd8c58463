package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A router with scores {@code s = u W} of rows u and experts, whose gates are functions of the scores: the part that all learned
 * routers share. The answer of choice j is multiplied by its gate {@code g_j}, so {@code dg_j} is the product of the gradient of
 * the weighed answer with the answer itself, and flows through the scores to W and to what the router reads.
 *
 * <p>A subclass chooses experts and says what the gates are. It keeps nothing else from a forward to its backward pass.
 */
abstract class GatedRouter implements Router {
    private final Kernels kernels;
    private final RouterScores scores;
    private final RouterStatistics statistics;
    private final int rank;
    private final int expertsPerToken;
    private final float[] gates; // [R k] by (row, choice)
    private final float[] dGates; // [R k]
    private final float[] slotGates; // [R k] by send slot
    private final float[] slotDots; // [R k]
    private final float[] dScores; // [R E]
    private @Nullable ShufflePlan plan;
    private @Nullable RouterBatch batch;
    private float @Nullable [] values; // the scores, or what the subclass made of them

    GatedRouter(RouterSetup setup, RouterInput input) {
        int choices = setup.rows() * setup.expertsPerToken();
        this.kernels = setup.kernels();
        this.scores = new RouterScores(setup, input);
        this.statistics = new RouterStatistics(setup.numExperts());
        this.rank = setup.rank();
        this.expertsPerToken = setup.expertsPerToken();
        this.gates = new float[choices];
        this.dGates = new float[choices];
        this.slotGates = new float[choices];
        this.slotDots = new float[choices];
        this.dScores = new float[setup.rows() * setup.numExperts()];
    }

    /**
     * Chooses the experts of all rows.
     *
     * @param scores [R E]; may be overwritten with what the backward pass needs
     * @param gates receives the gate of each (row, choice), [R k]
     * @return their plan; a choice that goes nowhere has no gate
     */
    abstract ShufflePlan choose(float[] scores, RouterBatch batch, float[] gates);

    /**
     * Writes the gradients of the scores.
     *
     * @param scores as {@link #choose} left them
     * @param gates likewise
     * @param dGates gradients of the gates, 0 for a choice that went nowhere, [R k]
     * @param dScores receives the gradients, [R E], all 0 before
     */
    abstract void scoreGradients(float[] scores, RouterBatch batch, float[] gates, float[] dGates, float[] dScores);

    @Override
    public final void begin(RouterBatch next) {
        batch = next;
    }

    @Override
    public final ShufflePlan route(Matrix x) {
        RouterBatch current = Objects.requireNonNull(batch, "route before begin");
        values = scores.forward(x, current);
        plan = choose(values, current, gates);
        int[] slots = plan.slots();
        double sum = 0;
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] >= 0) {
                slotGates[slots[i]] = gates[i];
                sum += gates[i];
            }
        }
        if (current.training()) {
            statistics.note(slots.length, slots.length - plan.sendRowsTotal(), sum);
        }
        return plan;
    }

    @Override
    public final ShufflePlan plan() {
        return Objects.requireNonNull(plan, "nothing was routed yet");
    }

    @Override
    public final boolean keepsAnswers() {
        return true;
    }

    @Override
    public final void weigh(Matrix answers, Matrix weighed) {
        kernels.scaleRows(answers, slotGates, weighed);
    }

    @Override
    public final void weighBackward(Matrix answers, Matrix dWeighed) {
        kernels.rowDots(dWeighed, answers, slotDots);
        kernels.scaleRows(dWeighed, slotGates, dWeighed);
        int[] slots = plan().slots();
        for (int i = 0; i < slots.length; i++) {
            dGates[i] = slots[i] < 0 ? 0 : slotDots[slots[i]];
        }
        Arrays.fill(dScores, 0);
        scoreGradients(Objects.requireNonNull(values), Objects.requireNonNull(batch), gates, dGates, dScores);
        scores.backward(dScores);
    }

    @Override
    public final void addInputGradient(Matrix dx) {
        scores.addInputGradient(dx);
    }

    @Override
    public final RouterStatistics statistics() {
        return statistics;
    }

    final int rank() {
        return rank;
    }

    final int expertsPerToken() {
        return expertsPerToken;
    }
}
