package io.hashlayers.driver.compare;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The time line of a run. What a run did not write is NaN, or an empty list.
 *
 * @param steps in order
 * @param evaluations on the validation split, in order
 * @param loads of each sparse layer
 */
public record RunMetrics(List<Step> steps, List<Evaluation> evaluations, List<LoadHistory> loads) {
    public RunMetrics {
        steps = List.copyOf(steps);
        evaluations = List.copyOf(evaluations);
        loads = List.copyOf(loads);
    }

    /**
     * One optimizer step; router statistics are means over the sparse layers.
     *
     * @param seconds of training until the end of it, without evaluations
     */
    public record Step(
            long step,
            double seconds,
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
     * @param seconds of training before it
     * @param changedShare of tokens whose expert is another than at the evaluation before
     */
    public record Evaluation(long step, double seconds, double perplexity, double changedShare) {}

    /** The steps after the first {@code share} of all. */
    List<Step> stepsAfter(double share) {
        return steps.subList((int) Math.floor(share * steps.size()), steps.size());
    }

    /** Mean of what is a number; NaN if nothing is. */
    static double mean(DoubleStream values) {
        return values.filter(Double::isFinite).average().orElse(Double.NaN);
    }
}
