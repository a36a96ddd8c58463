package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunResult;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Mean and standard deviation of a measure over the seeds of a variant.
 *
 * @param count of runs that have it
 * @param deviation with {@code count - 1}; 0 for one run
 */
record Spread(int count, double mean, double deviation) {
    static Spread of(List<RunResult> runs, Measure measure) {
        double[] values = runs.stream()
                .flatMapToDouble(run -> run.measure(measure).stream())
                .toArray();
        double mean = DoubleStream.of(values).average().orElse(Double.NaN);
        double squares = DoubleStream.of(values)
                .map(value -> (value - mean) * (value - mean))
                .sum();
        return new Spread(values.length, mean, values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)));
    }

    /** Such as {@code 23.16 +- 0.05}; empty without a run. */
    String text(Measure measure) {
        if (count == 0) {
            return "";
        }
        String text = measure.format(mean);
        String spread = measure.format(deviation);
        boolean none = spread.chars().noneMatch(c -> c >= '1' && c <= '9');
        return none ? text : text + " \u00b1\u00a0" + spread;
    }
}
