package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * Routes by a hash of the tokens: the plan of each step was made ahead of it, from the token ids alone.
 *
 * <p>The gate is exactly 1, there are no parameters and nothing flows back (Hash Layers, arXiv 2106.04426). All sparse layers
 * that use one table may share one instance.
 */
public final class HashRouter implements Router {
    private @Nullable ShufflePlan plan;

    /** Sets the plan of the batch that comes next; it may be filled anew when that batch is done. */
    public void follow(ShufflePlan next) {
        plan = next;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if no plan was ever set
     */
    @Override
    public ShufflePlan route(Matrix x) {
        if (plan == null) {
            throw new IllegalStateException("no plan was set before the first batch");
        }
        return plan;
    }

    @Override
    public void weigh(Matrix outputs) {
        // The gate is 1.
    }

    @Override
    public void weighBackward(Matrix dOutputs) {
        // The gate is 1 whatever the parameters.
    }

    @Override
    public void addInputGradient(Matrix dx) {
        // The hash reads tokens, not x.
    }
}
