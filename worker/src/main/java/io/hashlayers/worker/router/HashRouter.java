package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Routes by a hash of the tokens: the plan of each step was made ahead of it, from the token ids alone.
 *
 * <p>The gate is exactly 1 (Hash Layers, arXiv 2106.04426), or {@code 1 / k} where the answers of k experts are averaged; there
 * are no parameters and nothing flows back. All sparse layers that use one table may share one instance.
 */
public final class HashRouter implements PlannedRouter {
    private final RouterStatistics statistics = new RouterStatistics();
    private final @Nullable Kernels kernels; // null where the gate is 1
    private final float[] gates; // [R k], all equal
    private @Nullable ShufflePlan plan;

    /** Sums the answers of a row's experts. */
    public HashRouter() {
        this.kernels = null;
        this.gates = new float[0];
    }

    private HashRouter(Kernels kernels, int choices, int expertsPerToken) {
        this.kernels = kernels;
        this.gates = new float[choices];
        Arrays.fill(gates, 1f / expertsPerToken);
    }

    /**
     * Averages the answers of a row's experts.
     *
     * @param rows {@code R}, of this rank
     */
    static HashRouter averaging(Kernels kernels, int rows, int expertsPerToken) {
        return new HashRouter(kernels, rows * expertsPerToken, expertsPerToken);
    }

    @Override
    public void follow(ShufflePlan next) {
        plan = next;
    }

    @Override
    public void begin(RouterBatch batch) {
        // The plan says all.
    }

    @Override
    public ShufflePlan route(Matrix x) {
        return plan();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if no plan was ever set
     */
    @Override
    public ShufflePlan plan() {
        if (plan == null) {
            throw new IllegalStateException("no plan was set before the first batch");
        }
        return plan;
    }

    @Override
    public boolean keepsAnswers() {
        return false;
    }

    @Override
    public void weigh(Matrix answers, Matrix weighed) {
        if (kernels != null) {
            kernels.scaleRows(answers, gates, weighed);
        }
    }

    @Override
    public void weighBackward(Matrix answers, Matrix dWeighed) {
        if (kernels != null) {
            kernels.scaleRows(dWeighed, gates, dWeighed);
        }
    }

    @Override
    public void addInputGradient(Matrix dx) {
        // The hash reads tokens, not x.
    }

    @Override
    public RouterStatistics statistics() {
        return statistics;
    }
}
