package io.hashlayers.driver.track;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis on which equal ratios are equally long.
 *
 * @param low the first value, more than 0
 * @param high the last value, more than {@code low}
 */
public record LogAxis(double low, double high) implements Scale {
    private static final int MOST_TICKS = 9;
    private static final double[][] STEPS = {
        {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}, {1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}
    };

    @Override
    public double position(double value) {
        return Math.log(value / low) / Math.log(high / low);
    }

    /** Round numbers, as many as there is room for. */
    @Override
    public List<Double> ticks() {
        for (double[] steps : STEPS) {
            List<Double> ticks = ticks(steps);
            if (ticks.size() <= MOST_TICKS) {
                return ticks;
            }
        }
        return ticks(STEPS[STEPS.length - 1]);
    }

    private List<Double> ticks(double[] steps) {
        List<Double> ticks = new ArrayList<>();
        for (double power = Math.pow(10, Math.floor(Math.log10(low))); power <= high; power *= 10) {
            for (double step : steps) {
                double tick = step * power;
                if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
                    ticks.add(tick);
                }
            }
        }
        return ticks;
    }
}
