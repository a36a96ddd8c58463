package io.hashlayers.driver.track;

import java.util.List;
import java.util.stream.IntStream;

/**
 * An axis with round numbers at its ticks.
 *
 * @param low the first tick
 * @param step between ticks, 1, 2 or 5 times a power of ten
 * @param intervals between the first and the last tick, at least 1
 */
public record Axis(double low, double step, int intervals) implements Scale {
    /** Of a range without width; its ticks differ in four decimals. */
    private static final double LEAST_RANGE = 1e-3;
    /** Of a range around a large number, so that its ticks differ at all. */
    private static final double LEAST_SHARE = 1e-9;

    /**
     * The axis with the most ticks, up to {@code mostTicks}, that covers a range.
     *
     * @param mostTicks at least 4
     */
    public static Axis covering(double from, double to, int mostTicks) {
        double least = Math.max(LEAST_RANGE, LEAST_SHARE * Math.max(Math.abs(from), Math.abs(to)));
        double range = Math.max(to - from, least);
        double power = Math.pow(10, Math.floor(Math.log10(range / mostTicks)));
        for (double step : new double[] {1, 2, 5, 10, 20}) {
            double low = Math.floor(from / (step * power)) * step * power;
            int intervals = (int) Math.max(1, Math.ceil((to - low) / (step * power) - 1e-9));
            if (intervals < mostTicks) {
                return new Axis(low, step * power, intervals);
            }
        }
        throw new AssertionError("20 times the power leaves at most half the ticks");
    }

    @Override
    public double position(double value) {
        return (value - low) / (step * intervals);
    }

    @Override
    public List<Double> ticks() {
        return IntStream.rangeClosed(0, intervals).mapToObj(i -> low + i * step).toList();
    }
}
