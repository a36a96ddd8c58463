package io.hashlayers.worker.kernels;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * One call of every kernel, by name, on matrices of a small model. What they write is listed by {@link #results}, so that
 * two runs from the same seed can be compared.
 */
final class ModelOperations {
    private static final int SEQUENCE_LENGTH = 96;
    private static final int ROWS = 2 * SEQUENCE_LENGTH;
    private static final int HEADS = 4;
    private static final int WIDTH = 100; // not a multiple of any vector
    private static final int INNER = 230;
    private static final int VOCABULARY = 517;

    private final Map<String, Consumer<Kernels>> operations = new LinkedHashMap<>();
    private final List<Matrix> matrices = new ArrayList<>();
    private final SplittableRandom random;

    ModelOperations(long seed) {
        this.random = new SplittableRandom(seed);
        products();
        activations();
        norms();
        attention();
        rows();
        lossAndOptimizer();
    }

    Map<String, Consumer<Kernels>> operations() {
        return operations;
    }

    /** All matrices, inputs too, as they are now. */
    List<Matrix> results() {
        return matrices;
    }

    private void products() {
        Matrix x = normal(ROWS, WIDTH);
        Matrix w = normal(WIDTH, INNER);
        Matrix y = normal(ROWS, INNER);
        Matrix dx = normal(ROWS, WIDTH);
        Matrix dw = normal(WIDTH, INNER);
        operations.put("matmul", kernels -> kernels.matmul(x, w, y, false));
        operations.put("matmulNt", kernels -> kernels.matmulNt(y, w, dx, false));
        operations.put("matmulTn", kernels -> kernels.matmulTn(x, y, dw, true));
    }

    private void activations() {
        for (Activation activation : Activation.values()) {
            Matrix x = normal(ROWS, INNER);
            Matrix bias = normal(1, INNER);
            Matrix out = normal(ROWS, INNER);
            Matrix dx = normal(ROWS, INNER);
            Matrix dbias = normal(1, INNER);
            operations.put(activation + " forward", kernels -> kernels.biasActivation(activation, x, bias, out));
            operations.put(
                    activation + " backward", kernels -> kernels.biasActivationBackward(activation, x, out, dx, dbias));
        }
    }

    private void norms() {
        Matrix x = normal(ROWS, WIDTH);
        Matrix gamma = normal(1, WIDTH);
        Matrix beta = normal(1, WIDTH);
        Matrix y = normal(ROWS, WIDTH);
        Matrix stats = normal(ROWS, 2);
        Matrix dx = normal(ROWS, WIDTH);
        Matrix dgamma = normal(1, WIDTH);
        Matrix dbeta = normal(1, WIDTH);
        operations.put("layerNorm", kernels -> kernels.layerNorm(x, gamma, beta, y, stats));
        operations.put(
                "layerNormBackward", kernels -> kernels.layerNormBackward(y, x, stats, gamma, dx, dgamma, dbeta));
    }

    private void attention() {
        Matrix qkv = normal(ROWS, 3 * WIDTH);
        Matrix out = normal(ROWS, WIDTH);
        Matrix logSumExp = normal(ROWS, HEADS);
        Matrix dout = normal(ROWS, WIDTH);
        Matrix dqkv = normal(ROWS, 3 * WIDTH);
        operations.put(
                "causalAttention", kernels -> kernels.causalAttention(qkv, HEADS, SEQUENCE_LENGTH, out, logSumExp));
        operations.put(
                "causalAttentionBackward",
                kernels -> kernels.causalAttentionBackward(qkv, HEADS, SEQUENCE_LENGTH, out, logSumExp, dout, dqkv));
    }

    private void rows() {
        Matrix tokenTable = normal(VOCABULARY, WIDTH);
        Matrix positionTable = normal(SEQUENCE_LENGTH, WIDTH);
        Matrix bias = normal(1, WIDTH);
        Matrix x = normal(ROWS, WIDTH);
        Matrix y = normal(ROWS, WIDTH);
        Matrix z = normal(ROWS, WIDTH);
        int[] tokens = random.ints(ROWS, 0, 40).toArray();
        int[] slots = random.ints(2 * ROWS, 0, ROWS).toArray();
        operations.put("embed", kernels -> kernels.embed(tokens, tokenTable, positionTable, SEQUENCE_LENGTH, x));
        operations.put(
                "embedBackward",
                kernels -> kernels.embedBackward(tokens, x, SEQUENCE_LENGTH, tokenTable, positionTable));
        operations.put("gatherRows", kernels -> kernels.gatherRows(x, slots, y));
        operations.put("sumRows", kernels -> kernels.sumRows(x, slots, 2, z, true));
        operations.put("addBias", kernels -> kernels.addBias(y, bias));
        operations.put("biasBackward", kernels -> kernels.biasBackward(y, bias));
        operations.put("addBiasResidual", kernels -> kernels.addBiasResidual(x, y, bias, y));
        operations.put("dropout", kernels -> kernels.dropout(y, 0.1f, 3, 17));
        operations.put("add", kernels -> kernels.add(z, y));
    }

    private void lossAndOptimizer() {
        Matrix logits = normal(ROWS, VOCABULARY);
        Matrix losses = normal(1, 3);
        int[] targets = random.ints(ROWS, -1, VOCABULARY).toArray();
        operations.put("loss only", kernels -> losses.set(0, 0, (float) kernels.crossEntropy(logits, targets, 0, 0)));
        operations.put(
                "loss and gradient",
                kernels -> losses.set(0, 1, (float) kernels.crossEntropy(logits, targets, 0, 0.5f)));
        Matrix p = normal(1, 10_007);
        Matrix g = normal(1, 10_007);
        Matrix m = normal(1, 10_007);
        Matrix v = normal(1, 10_007);
        AdamStep step = new AdamStep(1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.5f, 0.1f, 0.001f);
        operations.put("zero", kernels -> kernels.zero(v)); // second moments cannot be negative
        operations.put("adam", kernels -> kernels.adam(p, g, m, v, step));
        operations.put("sumOfSquares", kernels -> losses.set(0, 2, (float) kernels.sumOfSquares(g)));
    }

    private Matrix normal(int rows, int cols) {
        Matrix matrix = new TestMemory(random).normal(rows, cols);
        matrices.add(matrix);
        return matrix;
    }
}
