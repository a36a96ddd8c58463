package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/**
 * Final norm, logits by the tied token embedding {@code norm(x) E^T}, and cross-entropy.
 *
 * <p>Works in chunks of rows: logits and their gradient share one buffer, and those of a large batch never exist
 * together.
 */
final class LanguageModelHead {
    /** Floats of the buffer of logits, 8 MiB, unless that is fewer rows than a product needs to be fast. */
    private static final int CHUNK = 1 << 21;

    private static final int LEAST_ROWS = 512;

    private final Kernels kernels;
    private final LayerNorm norm;
    private final Parameter embedding; // [V, D]
    private final Matrix x; // [R, D]
    private final Matrix dNormed; // [R, D]
    private final int chunkRows;
    private final Matrix logits; // window on [chunk, V]
    private final Matrix normedChunk; // windows on [R, D]
    private final Matrix dNormedChunk;

    LanguageModelHead(Setup setup, Matrix x) {
        ModelConfig config = setup.config();
        Workspace workspace = setup.workspace();
        this.kernels = setup.kernels();
        this.norm = new LayerNorm(setup, ParameterLayout.FINAL_NORM);
        this.embedding = setup.parameter(ParameterLayout.TOKEN_EMBEDDING);
        this.x = x;
        this.dNormed = workspace.backwardScratch("norm gradient", setup.rows(), config.modelDim());
        this.chunkRows = chunkRows(config, setup.rows());
        this.logits =
                workspace.scratch("logits", chunkRows, config.vocabularySize()).window(0, 0);
        this.normedChunk = norm.out().window(0, 0);
        this.dNormedChunk = dNormed.window(0, 0);
    }

    /** Rows whose logits exist together. */
    static int chunkRows(ModelConfig config, int rows) {
        return Math.min(rows, Math.max(LEAST_ROWS, CHUNK / config.vocabularySize()));
    }

    /** Returns the sum of nats over the rows whose target is not negative. */
    double loss(int[] targets) {
        norm.forward(x);
        double nats = 0;
        for (int first = 0; first < x.rows(); first += chunkRows) {
            computeLogits(first, Math.min(chunkRows, x.rows() - first));
            nats += kernels.crossEntropy(logits, targets, first, 0);
        }
        return nats;
    }

    /**
     * Forward and backward in one.
     *
     * @param gradientScale factor of the gradient of the sum of nats
     * @param dx receives the gradient of x, [R, D]
     * @return as {@link #loss}
     */
    double forwardBackward(int[] targets, float gradientScale, Matrix dx) {
        norm.forward(x);
        double nats = 0;
        for (int first = 0; first < x.rows(); first += chunkRows) {
            int rows = Math.min(chunkRows, x.rows() - first);
            computeLogits(first, rows);
            nats += kernels.crossEntropy(logits, targets, first, gradientScale);
            dNormedChunk.moveTo(first, rows);
            kernels.matmul(logits, embedding.value(), dNormedChunk, false);
            embedding.addToGradient(kernels, logits, normedChunk);
        }
        kernels.zero(dx);
        norm.backward(dNormed, x, dx);
        return nats;
    }

    /** Writes the most probable token after each row, [R]; not for a step. */
    void predict(int[] predicted) {
        norm.forward(x);
        float[] ofRow = new float[logits.cols()];
        for (int first = 0; first < x.rows(); first += chunkRows) {
            int rows = Math.min(chunkRows, x.rows() - first);
            computeLogits(first, rows);
            Matrix row = logits.window(0, 0);
            for (int i = 0; i < rows; i++) {
                row.moveTo(i, 1);
                row.copyTo(ofRow);
                predicted[first + i] = indexOfLargest(ofRow);
            }
        }
    }

    private static int indexOfLargest(float[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[largest]) {
                largest = i;
            }
        }
        return largest;
    }

    /** Returns the logits of one row, [1, V]; valid until the next call. */
    Matrix logits(int row) {
        norm.forward(x);
        computeLogits(row, 1);
        return logits;
    }

    private void computeLogits(int first, int rows) {
        normedChunk.moveTo(first, rows);
        logits.moveTo(0, rows);
        kernels.matmulNt(normedChunk, embedding.value(), logits, false);
    }
}
