package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.RunResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A quantity of a variant over a run, as mean and range over its seeds; points are (horizontal, vertical).
 *
 * @param variant whose it is
 * @param runs of how many seeds
 */
record Curve(String variant, int runs, List<double[]> mean, List<double[]> lower, List<double[]> upper) {
    /**
     * Of the runs of a variant. Runs with nothing to show are left out, and all end where the shortest does.
     *
     * @param points of a run; those with a value that is no number are skipped
     */
    static Curve of(String variant, List<RunResult> runs, Function<RunResult, List<double[]>> points) {
        List<List<double[]>> all = runs.stream()
                .map(points)
                .map(Curve::finite)
                .filter(line -> !line.isEmpty())
                .toList();
        int length = all.stream().mapToInt(List::size).min().orElse(0);
        List<double[]> mean = new ArrayList<>();
        List<double[]> lower = new ArrayList<>();
        List<double[]> upper = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            int at = i;
            List<double[]> across = all.stream().map(line -> line.get(at)).toList();
            double x = across.stream().mapToDouble(point -> point[0]).average().orElseThrow();
            var y = across.stream().mapToDouble(point -> point[1]).summaryStatistics();
            mean.add(new double[] {x, y.getAverage()});
            lower.add(new double[] {x, y.getMin()});
            upper.add(new double[] {x, y.getMax()});
        }
        return new Curve(variant, all.size(), mean, lower, upper);
    }

    private static List<double[]> finite(List<double[]> points) {
        return points.stream()
                .filter(point -> Double.isFinite(point[0]) && Double.isFinite(point[1]))
                .toList();
    }

    boolean empty() {
        return mean.isEmpty();
    }
}
