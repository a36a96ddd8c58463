package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.ADD;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/** Layer norm; a row stays in the first-level cache between its passes. */
final class LayerNormKernel {
    private static final float EPSILON = 1e-5f;

    private LayerNormKernel() {}

    static void forward(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats) {
        int cols = x.cols();
        for (int row = 0; row < x.rows(); row++) {
            int xAt = x.byteOffset() + row * cols * Float.BYTES;
            float mean = sum(x.memory(), xAt, cols) / cols;
            float variance = squaredDistances(x.memory(), xAt, cols, mean) / cols;
            float rstd = (float) (1 / Math.sqrt(variance + EPSILON));
            normalize(x, gamma, beta, y, row, mean, rstd);
            int statsAt = stats.byteOffset() + 2 * row * Float.BYTES;
            stats.memory().putFloat(statsAt, mean);
            stats.memory().putFloat(statsAt + Float.BYTES, rstd);
        }
    }

    private static float sum(ByteBuffer x, int xAt, int cols) {
        int full = SPECIES.loopBound(cols);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int col = 0; col < full; col += LANES) {
            sum = sum.add(load(x, xAt + col * Float.BYTES));
        }
        float total = sum.reduceLanes(ADD);
        for (int col = full; col < cols; col++) {
            total += x.getFloat(xAt + col * Float.BYTES);
        }
        return total;
    }

    private static float squaredDistances(ByteBuffer x, int xAt, int cols, float mean) {
        int full = SPECIES.loopBound(cols);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int col = 0; col < full; col += LANES) {
            FloatVector d = load(x, xAt + col * Float.BYTES).sub(mean);
            sum = d.fma(d, sum);
        }
        float total = sum.reduceLanes(ADD);
        for (int col = full; col < cols; col++) {
            float d = x.getFloat(xAt + col * Float.BYTES) - mean;
            total += d * d;
        }
        return total;
    }

    private static void normalize(
            Matrix xMatrix, Matrix gammaMatrix, Matrix betaMatrix, Matrix yMatrix, int row, float mean, float rstd) {
        ByteBuffer x = xMatrix.memory();
        ByteBuffer gamma = gammaMatrix.memory();
        ByteBuffer beta = betaMatrix.memory();
        ByteBuffer y = yMatrix.memory();
        int cols = xMatrix.cols();
        int xAt = xMatrix.byteOffset() + row * cols * Float.BYTES;
        int gammaAt = gammaMatrix.byteOffset();
        int betaAt = betaMatrix.byteOffset();
        int yAt = yMatrix.byteOffset() + row * cols * Float.BYTES;
        int full = SPECIES.loopBound(cols);
        for (int col = 0; col < full; col += LANES) {
            int at = col * Float.BYTES;
            FloatVector n = load(x, xAt + at).sub(mean).mul(rstd);
            store(n.fma(load(gamma, gammaAt + at), load(beta, betaAt + at)), y, yAt + at);
        }
        for (int col = full; col < cols; col++) {
            int at = col * Float.BYTES;
            float n = (x.getFloat(xAt + at) - mean) * rstd;
            y.putFloat(yAt + at, n * gamma.getFloat(gammaAt + at) + beta.getFloat(betaAt + at));
        }
    }
}
