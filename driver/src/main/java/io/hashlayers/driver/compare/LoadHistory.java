package io.hashlayers.driver.compare;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of each expert of one sparse layer over the time of a run, in periods of equal many evaluations: few enough to draw and to
 * keep in memory, however long the run is. Owned by the thread that reads a run.
 */
public final class LoadHistory {
    private static final int MOST_PERIODS = 64;

    private final int layer;
    private final List<double[]> periods = new ArrayList<>(); // [E] each
    private int evaluationsInPeriod = 1;
    private int evaluationsInLast;

    /**
     * @param layer the block whose experts these are
     */
    LoadHistory(int layer) {
        this.layer = layer;
    }

    /** Adds the rows until the next evaluation, [E], of as many experts as before. */
    void add(double[] rows) {
        if (periods.isEmpty() || evaluationsInLast == evaluationsInPeriod) {
            if (periods.size() == MOST_PERIODS) {
                halve();
            }
            periods.add(new double[rows.length]);
            evaluationsInLast = 0;
        }
        double[] last = periods.get(periods.size() - 1);
        for (int expert = 0; expert < Math.min(last.length, rows.length); expert++) {
            last[expert] += rows[expert];
        }
        evaluationsInLast++;
    }

    /** Makes one period of each two. */
    private void halve() {
        for (int i = 0; i < MOST_PERIODS / 2; i++) {
            double[] sum = periods.get(2 * i).clone();
            double[] second = periods.get(2 * i + 1);
            for (int expert = 0; expert < sum.length; expert++) {
                sum[expert] += second[expert];
            }
            periods.set(i, sum);
        }
        periods.subList(MOST_PERIODS / 2, MOST_PERIODS).clear();
        evaluationsInPeriod *= 2;
        evaluationsInLast = evaluationsInPeriod;
    }

    public int layer() {
        return layer;
    }

    /** Number of periods, at most 64. */
    public int size() {
        return periods.size();
    }

    /** Evaluations of each period; the last may have fewer. */
    public int evaluationsInPeriod() {
        return evaluationsInPeriod;
    }

    /** Share of the rows of a period that each expert got, [E], in sum 1. */
    public double[] shares(int period) {
        return shares(periods.get(period));
    }

    /** Shares of the last tenth of the time, [E]. */
    public double[] lateShares() {
        double[] sum = new double[periods.get(0).length];
        int from = periods.size() - Math.max(1, periods.size() / 10);
        for (double[] period : periods.subList(from, periods.size())) {
            for (int expert = 0; expert < sum.length; expert++) {
                sum[expert] += period[expert];
            }
        }
        return shares(sum);
    }

    /** Each number divided by the sum of all, [E]; zeros stay zeros. */
    static double[] shares(double[] rows) {
        double sum = 0;
        for (double of : rows) {
            sum += of;
        }
        double[] shares = new double[rows.length];
        for (int expert = 0; expert < rows.length; expert++) {
            shares[expert] = sum == 0 ? 0 : rows[expert] / sum;
        }
        return shares;
    }

    /** {@code -sum s ln s / ln E}: 1 if all experts get the same, 0 if one gets all; 1 for one expert. */
    static double entropy(double[] shares) {
        double nats = 0;
        for (double share : shares) {
            nats -= share > 0 ? share * Math.log(share) : 0;
        }
        return shares.length == 1 ? 1 : nats / Math.log(shares.length);
    }
}
