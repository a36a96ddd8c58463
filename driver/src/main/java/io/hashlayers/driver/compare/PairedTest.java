package io.hashlayers.driver.compare;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Student's t-test of paired differences against zero.
 *
 * @param pairs {@code n}
 * @param mean of the differences
 * @param deviation their standard deviation, with {@code n - 1}
 * @param t {@code mean / (deviation / sqrt(n))}; infinite if all differences are the same and not 0
 * @param p two-sided: how likely a {@code |t|} this large is if the true mean is 0; 1 for fewer than two pairs
 * @param halfWidth of the 95 % confidence interval around the mean; NaN for fewer than two pairs
 */
public record PairedTest(int pairs, double mean, double deviation, double t, double p, double halfWidth) {
    private static final double CONFIDENCE_TAIL = 0.975;

    /** Tests differences, one a pair. */
    static PairedTest of(double[] differences) {
        var statistics = new SummaryStatistics();
        for (double difference : differences) {
            statistics.addValue(difference);
        }
        int pairs = differences.length;
        double mean = pairs == 0 ? Double.NaN : statistics.getMean();
        double deviation = statistics.getStandardDeviation();
        if (pairs < 2) {
            return new PairedTest(pairs, mean, Double.NaN, Double.NaN, 1, Double.NaN);
        }
        var student = new TDistribution(pairs - 1);
        double standardError = deviation / Math.sqrt(pairs);
        double t = mean == 0 ? 0 : mean / standardError;
        double p = 2 * student.cumulativeProbability(-Math.abs(t));
        return new PairedTest(
                pairs, mean, deviation, t, p, student.inverseCumulativeProbability(CONFIDENCE_TAIL) * standardError);
    }

    /** Cohen's d of paired differences, {@code mean / deviation}: how many of their own spreads the difference is. */
    public double effectSize() {
        return mean == 0 ? 0 : mean / deviation;
    }

    /** How likely a {@code t} at most this low is if the true mean is 0, one-sided. */
    double pBelow() {
        return mean < 0 ? p / 2 : 1 - p / 2;
    }
}
