package io.hashlayers.driver.compare;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The time line of a run. What a run did not write is NaN, or an empty list.
 *
 * @param tokensPerSecond the median of all steps: the first ones of a process are slow, and others may use the machine too
 * @param steps in order
 * @param evaluations on the validation split, in order
 * @param loads of each sparse layer
 */
public record RunMetrics(
        double tokensPerSecond, List<Step> steps, List<Evaluation> evaluations, List<LoadHistory> loads) {
    public RunMetrics {
        steps = List.copyOf(steps);
        evaluations = List.copyOf(evaluations);
        loads = List.copyOf(loads);
    }

    /**
     * One optimizer step; router statistics are means over the sparse layers.
     *
     */
    public record Step(
            long step,
            double loss,
            double gradientNorm,
            double maxVio,
            double droppedShare,
            double gateMean,
            double balanceLoss,
            double assignmentRounds) {}

    /**
     * One evaluation.
     *
     * @param tokens trained on before it
     * @param changedShare of tokens whose expert is another than at the evaluation before
     */
    public record Evaluation(long step, long tokens, double perplexity, double changedShare) {}

    /** A run that left nothing. */
    static RunMetrics none() {
        return new RunMetrics(Double.NaN, List.of(), List.of(), List.of());
    }

    /** The steps after the first {@code share} of all. */
    List<Step> stepsAfter(double share) {
        return steps.subList((int) Math.floor(share * steps.size()), steps.size());
    }

    /** Mean of what is a number; NaN if nothing is. */
    static double mean(DoubleStream values) {
        return values.filter(Double::isFinite).average().orElse(Double.NaN);
    }
}
