package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;
import static jdk.incubator.vector.VectorOperators.ADD;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * The backward pass of layer norm, two passes over each row.
 *
 * <p>With {@code n = (x - mean) rstd} and {@code g = dy gamma}: {@code dx += rstd (g - mean(g) - n mean(g n))},
 * {@code dgamma += dy n}, {@code dbeta += dy}.
 */
final class LayerNormBackward {
    // Of the row at hand: what the first pass tells the second.
    private float meanG;
    private float meanGn;

    void run(Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta) {
        for (int row = 0; row < x.rows(); row++) {
            int statsAt = stats.byteOffset() + 2 * row * Float.BYTES;
            float mean = stats.memory().getFloat(statsAt);
            float rstd = stats.memory().getFloat(statsAt + Float.BYTES);
            addParameterGradients(dy, x, gamma, dgamma, dbeta, row, mean, rstd);
            addInputGradient(dy, x, gamma, dx, row, mean, rstd);
        }
    }

    private void addParameterGradients(
            Matrix dyMatrix,
            Matrix xMatrix,
            Matrix gammaMatrix,
            Matrix dgammaMatrix,
            Matrix dbetaMatrix,
            int row,
            float mean,
            float rstd) {
        ByteBuffer dy = dyMatrix.memory();
        ByteBuffer x = xMatrix.memory();
        ByteBuffer gamma = gammaMatrix.memory();
        ByteBuffer dgamma = dgammaMatrix.memory();
        ByteBuffer dbeta = dbetaMatrix.memory();
        int cols = xMatrix.cols();
        int dyAt = dyMatrix.byteOffset() + row * cols * Float.BYTES;
        int xAt = xMatrix.byteOffset() + row * cols * Float.BYTES;
        int gammaAt = gammaMatrix.byteOffset();
        int dgammaAt = dgammaMatrix.byteOffset();
        int dbetaAt = dbetaMatrix.byteOffset();
        int full = SPECIES.loopBound(cols);
        FloatVector gVector = FloatVector.zero(SPECIES);
        FloatVector gnVector = FloatVector.zero(SPECIES);
        for (int col = 0; col < full; col += LANES) {
            int at = col * Float.BYTES;
            FloatVector d = load(dy, dyAt + at);
            FloatVector n = load(x, xAt + at).sub(mean).mul(rstd);
            FloatVector g = d.mul(load(gamma, gammaAt + at));
            gVector = gVector.add(g);
            gnVector = g.fma(n, gnVector);
            store(d.fma(n, load(dgamma, dgammaAt + at)), dgamma, dgammaAt + at);
            store(load(dbeta, dbetaAt + at).add(d), dbeta, dbetaAt + at);
        }
        float sumG = gVector.reduceLanes(ADD);
        float sumGn = gnVector.reduceLanes(ADD);
        for (int col = full; col < cols; col++) {
            int at = col * Float.BYTES;
            float d = dy.getFloat(dyAt + at);
            float n = (x.getFloat(xAt + at) - mean) * rstd;
            float g = d * gamma.getFloat(gammaAt + at);
            sumG += g;
            sumGn += g * n;
            dgamma.putFloat(dgammaAt + at, dgamma.getFloat(dgammaAt + at) + d * n);
            dbeta.putFloat(dbetaAt + at, dbeta.getFloat(dbetaAt + at) + d);
        }
        meanG = sumG / cols;
        meanGn = sumGn / cols;
    }

    private void addInputGradient(
            Matrix dyMatrix, Matrix xMatrix, Matrix gammaMatrix, Matrix dxMatrix, int row, float mean, float rstd) {
        ByteBuffer dy = dyMatrix.memory();
        ByteBuffer x = xMatrix.memory();
        ByteBuffer gamma = gammaMatrix.memory();
        ByteBuffer dx = dxMatrix.memory();
        int cols = xMatrix.cols();
        int dyAt = dyMatrix.byteOffset() + row * cols * Float.BYTES;
        int xAt = xMatrix.byteOffset() + row * cols * Float.BYTES;
        int gammaAt = gammaMatrix.byteOffset();
        int dxAt = dxMatrix.byteOffset() + row * cols * Float.BYTES;
        int full = SPECIES.loopBound(cols);
        float g0 = meanG; // locals: the compiler cannot know that the stores below leave the fields alone
        float gn = meanGn;
        for (int col = 0; col < full; col += LANES) {
            int at = col * Float.BYTES;
            FloatVector n = load(x, xAt + at).sub(mean).mul(rstd);
            FloatVector g = load(dy, dyAt + at).mul(load(gamma, gammaAt + at));
            FloatVector d = g.sub(g0).sub(n.mul(gn)).mul(rstd);
            store(load(dx, dxAt + at).add(d), dx, dxAt + at);
        }
        for (int col = full; col < cols; col++) {
            int at = col * Float.BYTES;
            float n = (x.getFloat(xAt + at) - mean) * rstd;
            float g = dy.getFloat(dyAt + at) * gamma.getFloat(gammaAt + at);
            dx.putFloat(dxAt + at, dx.getFloat(dxAt + at) + (g - g0 - n * gn) * rstd);
        }
    }
}
