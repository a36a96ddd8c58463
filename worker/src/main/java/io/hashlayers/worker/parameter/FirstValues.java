package io.hashlayers.worker.parameter;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;

/** Draws the first values of tensors. They depend on a seed and the tensor's name alone, whatever rank draws them. */
public final class FirstValues {
    /** Where {@link Init#TRUNCATED_NORMAL} is cut, in standard deviations. */
    private static final double CUT = 2;

    private FirstValues() {}

    /** Gives a tensor its first values. */
    public static void draw(Parameter parameter, long seed) {
        TensorSpec spec = parameter.spec();
        var random = new SplittableRandom(Seeds.of(seed, spec.name()));
        if (spec.init() == Init.ORTHOGONAL) {
            orthogonal(parameter.value(), spec, random);
            return;
        }
        FloatBuffer floats = floats(parameter.value());
        for (long i = 0; i < spec.size(); i++) {
            floats.put((float) (spec.scale() * element(spec.init(), random)));
        }
        parameter.value().hostWritten();
    }

    private static double element(Init init, SplittableRandom random) {
        if (init == Init.CONSTANT) {
            return 1;
        }
        double x = random.nextGaussian();
        while (init == Init.TRUNCATED_NORMAL && Math.abs(x) > CUT) {
            x = random.nextGaussian();
        }
        return x;
    }

    private static FloatBuffer floats(Matrix value) {
        return value.memory()
                .duplicate()
                .order(value.memory().order())
                .position(value.byteOffset())
                .asFloatBuffer();
    }

    /** Gram and Schmidt's process, twice for the sake of rounding, on normal vectors. */
    private static void orthogonal(Matrix value, TensorSpec spec, SplittableRandom random) {
        boolean columns = spec.cols() <= spec.rows();
        double[][] vectors = new double[Math.min(spec.rows(), spec.cols())][Math.max(spec.rows(), spec.cols())];
        for (int i = 0; i < vectors.length; i++) {
            for (int j = 0; j < vectors[i].length; j++) {
                vectors[i][j] = random.nextGaussian();
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int other = 0; other < i; other++) {
                    addMultiple(vectors[i], vectors[other], -dot(vectors[i], vectors[other]));
                }
                double length = Math.sqrt(dot(vectors[i], vectors[i]));
                addMultiple(vectors[i], vectors[i], 1 / length - 1);
            }
        }
        for (int row = 0; row < spec.rows(); row++) {
            for (int col = 0; col < spec.cols(); col++) {
                value.set(row, col, (float) (spec.scale() * (columns ? vectors[col][row] : vectors[row][col])));
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void addMultiple(double[] to, double[] from, double factor) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * from[i];
        }
    }
}
