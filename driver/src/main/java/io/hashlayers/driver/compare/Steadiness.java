package io.hashlayers.driver.compare;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/** How steadily a run went late in its life; BASE became noisy there (Hash Layers, arXiv 2106.04426, figure on BASE). */
final class Steadiness {
    private static final double SPIKE = 2;
    private static final int AROUND = 25; // steps on either side

    private Steadiness() {}

    /** Steps of the second half whose gradient norm is more than twice the median of the 51 steps around them. */
    static double gradientSpikes(RunMetrics metrics) {
        double[] heights = heights(metrics);
        return heights.length == 0
                ? Double.NaN
                : Arrays.stream(heights).filter(height -> height > SPIKE).count();
    }

    /** The largest gradient norm of the second half, divided by the median of the 51 steps around it. */
    static double largestSpike(RunMetrics metrics) {
        return Arrays.stream(heights(metrics)).max().orElse(Double.NaN);
    }

    /** Each gradient norm of the second half divided by the median of those around it. */
    private static double[] heights(RunMetrics metrics) {
        double[] norms = metrics.stepsAfter(0.5).stream()
                .mapToDouble(RunMetrics.Step::gradientNorm)
                .filter(Double::isFinite)
                .toArray();
        double[] heights = new double[norms.length];
        for (int i = 0; i < norms.length; i++) {
            double[] around =
                    Arrays.copyOfRange(norms, Math.max(0, i - AROUND), Math.min(norms.length, i + AROUND + 1));
            Arrays.sort(around);
            heights[i] = norms[i] / around[around.length / 2];
        }
        return heights;
    }

    /** Standard deviation of the training loss of the last quarter around its straight line; NaN for fewer than 3 steps. */
    static double lateLossDeviation(RunMetrics metrics) {
        List<RunMetrics.Step> late = metrics.stepsAfter(0.75).stream()
                .filter(step -> Double.isFinite(step.loss()))
                .toList();
        var line = new SimpleRegression();
        late.forEach(step -> line.addData((double) step.step(), step.loss()));
        return late.size() < 3 ? Double.NaN : Math.sqrt(line.getMeanSquareError());
    }
}
