package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Arrays;
import java.util.List;

/**
 * Refuses a step before it reaches the parameters if its loss or gradient norm is not finite, or its loss runs away. Judges by
 * what all ranks know alike, so they refuse together. Allocates nothing in a step.
 */
final class DivergenceGuard {
    /** Losses before a step that it is compared with; with fewer, none runs away. */
    static final int WINDOW = 32;

    private static final String ADVICE =
            "; lower optimizer.learning-rate, lengthen optimizer.warmup-steps, set optimizer.clip-norm, or leave such batches out (train.on-divergence = skip)";

    private final double factor;
    private final double[] losses = new double[WINDOW]; // a ring
    private final double[] sorted = new double[WINDOW];
    private long count; // of losses until now

    /**
     * @param factor as in {@link DivergenceConfig}
     */
    DivergenceGuard(double factor) {
        this.factor = factor;
    }

    /** The last losses, the oldest first. */
    List<Double> recent() {
        return factor == 0
                ? List.of()
                : Arrays.stream(ring(), 0, (int) Math.min(count, WINDOW))
                        .boxed()
                        .toList();
    }

    private double[] ring() {
        double[] inOrder = new double[WINDOW];
        int length = (int) Math.min(count, WINDOW);
        for (int i = 0; i < length; i++) {
            inOrder[i] = losses[(int) ((count - length + i) % WINDOW)];
        }
        return inOrder;
    }

    /** Goes on behind these losses, the oldest first. */
    void restore(List<Double> recent) {
        recent.forEach(this::add);
    }

    private void add(double loss) {
        losses[(int) (count++ % WINDOW)] = loss;
    }

    /**
     * Takes a step into account.
     *
     * @throws TrainingException of kind {@code DIVERGED} if it must not be done
     */
    void require(long step, double loss, double norm) {
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new TrainingException(
                    Failure.DIVERGED,
                    "the %s of step %d is %s"
                                    .formatted(
                                            Double.isFinite(loss) ? "gradient norm" : "loss",
                                            step,
                                            Double.isFinite(loss) ? norm : loss)
                            + ADVICE);
        }
        if (factor > 0) {
            if (count >= WINDOW && loss > factor * median()) {
                throw new TrainingException(
                        Failure.DIVERGED,
                        "the loss of step %d is %s, more than train.divergence-factor = %s times %s, the median of the %d steps before"
                                        .formatted(step, loss, factor, median(), WINDOW)
                                + ADVICE);
            }
            add(loss);
        }
    }

    private double median() {
        System.arraycopy(losses, 0, sorted, 0, WINDOW);
        Arrays.sort(sorted);
        return (sorted[WINDOW / 2 - 1] + sorted[WINDOW / 2]) / 2;
    }
}
