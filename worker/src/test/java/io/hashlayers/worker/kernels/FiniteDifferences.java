package io.hashlayers.worker.kernels;

import java.util.function.Function;

/** Gradients of {@code sum(weights * f(x))} by central differences in float64, exact to about 1e-8. */
final class FiniteDifferences {
    private static final double STEP = 1e-5;

    private FiniteDifferences() {}

    /** The gradient with respect to x, [the shape of x]; x is left as it was. */
    static double[][] gradient(double[][] x, double[][] weights, Function<double[][], double[][]> f) {
        double[][] gradient = new double[x.length][x[0].length];
        for (int row = 0; row < x.length; row++) {
            for (int col = 0; col < x[row].length; col++) {
                double value = x[row][col];
                x[row][col] = value + STEP;
                double above = LoopOracle.dot(weights, f.apply(x));
                x[row][col] = value - STEP;
                double below = LoopOracle.dot(weights, f.apply(x));
                x[row][col] = value;
                gradient[row][col] = (above - below) / (2 * STEP);
            }
        }
        return gradient;
    }

    /** The derivative when one row of x moves along a direction; x is left as it was. */
    static double along(
            double[][] x, int row, double[] direction, double[][] weights, Function<double[][], double[][]> f) {
        double[] start = x[row];
        x[row] = moved(start, direction, STEP);
        double above = LoopOracle.dot(weights, f.apply(x));
        x[row] = moved(start, direction, -STEP);
        double below = LoopOracle.dot(weights, f.apply(x));
        x[row] = start;
        return (above - below) / (2 * STEP);
    }

    private static double[] moved(double[] start, double[] direction, double step) {
        double[] moved = new double[start.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = start[i] + step * direction[i];
        }
        return moved;
    }
}
