package io.hashlayers.driver.compare;

import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Student's t-test of paired differences against zero.
 *
 * @param pairs {@code n}
 * @param mean of the differences
 * @param deviation their standard deviation, with {@code n - 1}
 * @param t {@code mean / (deviation / sqrt(n))}; NaN where there is no test
 * @param p two-sided: how likely a {@code |t|} this large is if the true mean is 0; 1 where there is no test, which takes two
 *     pairs and differences that differ: counts that happen to agree are no certainty
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
        if (pairs < 2 || deviation == 0) {
            return new PairedTest(pairs, mean, deviation, Double.NaN, 1, pairs < 2 ? Double.NaN : 0);
        }
        var student = new TDistribution(pairs - 1);
        double standardError = deviation / Math.sqrt(pairs);
        double t = mean / standardError;
        double p = 2 * student.cumulativeProbability(-Math.abs(t));
        return new PairedTest(
                pairs, mean, deviation, t, p, student.inverseCumulativeProbability(CONFIDENCE_TAIL) * standardError);
    }

    /** Cohen's d of paired differences, {@code mean / deviation}: how many of their own spreads the difference is. */
    public double effectSize() {
        return mean / deviation;
    }

    /** Whether there was something to test. */
    public boolean applies() {
        return !Double.isNaN(t);
    }

    /** How likely a {@code t} at most this low is if the true mean is 0, one-sided. */
    double pBelow() {
        return mean < 0 ? p / 2 : 1 - p / 2;
    }
}
