package io.hashlayers.worker.optimizer;

/**
 * The learning rate of each step of a run: linear warm-up from 0 to the peak, then as the schedule says, to reach the final
 * rate at the last step.
 *
 * <p>With {@code w} warm-up steps, {@code n} steps in all and {@code r} the final ratio: {@code peak t / w} up to step
 * {@code w}; then, with {@code u = (t - w) / (n - w)}, {@code peak (1 - (1 - r) u)} if linear and
 * {@code peak (r + (1 - r) (1 + cos(pi u)) / 2)} if cosine.
 */
public final class LearningRate {
    private final OptimizerConfig config;
    private final long steps;

    /**
     * @param steps steps of the whole run
     */
    public LearningRate(OptimizerConfig config, long steps) {
        this.config = config;
        this.steps = steps;
    }

    /**
     * Returns the rate of a step; behind the last step that of the last.
     *
     * @param step counted from 1
     */
    public double at(long step) {
        if (step <= config.warmupSteps()) {
            return config.learningRate() * step / config.warmupSteps();
        }
        double ratio = config.finalLearningRateRatio();
        double progress = progress(step);
        return config.learningRate()
                * switch (config.schedule()) {
                    case CONSTANT -> 1;
                    case LINEAR -> 1 - (1 - ratio) * progress;
                    case COSINE -> ratio + (1 - ratio) * (1 + Math.cos(Math.PI * progress)) / 2;
                };
    }

    /** The share, 0 to 1, of the steps behind the warm-up that are done after this step. */
    private double progress(long step) {
        if (step >= steps) {
            return 1;
        }
        return (double) (step - config.warmupSteps()) / (steps - config.warmupSteps());
    }
}
