package io.hashlayers.worker.kernels;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Prints how long each kernel takes at the sizes of a small model: not a test, since figures are the machine's. The
 * arguments are the names of kernels to compare, by default both; the best of many calls is shown, in milliseconds.
 */
final class KernelTimings {
    private static final int CALLS = 60; // the first ones run before the compiler has seen the loops
    private static final long NANOS = 300_000_000;

    private final SplittableRandom random = new SplittableRandom(1);
    private final Map<String, Consumer<Kernels>> operations = new LinkedHashMap<>();

    private KernelTimings() {
        products();
        activations();
        norms();
        attention();
        rows();
        losses();
        optimizer();
    }

    /** Prints the table to standard output. */
    public static void main(String[] names) {
        String[] columns = names.length == 0 ? new String[] {"vector", "nd4j"} : names;
        Kernels[] kernels = Arrays.stream(columns).map(KernelsFactory::named).toArray(Kernels[]::new);
        for (Kernels one : kernels) {
            System.out.println(one.description());
        }
        System.out.printf("%-44s", "operation");
        Arrays.stream(columns).forEach(column -> System.out.printf("%10s", column));
        System.out.println();
        new KernelTimings().operations.forEach((name, operation) -> {
            System.out.printf("%-44s", name);
            for (Kernels one : kernels) {
                System.out.printf("%10.3f", bestMillis(() -> operation.accept(one)));
            }
            System.out.println();
        });
    }

    private void products() {
        Matrix x = normal(512, 256);
        Matrix wide = normal(256, 1024);
        Matrix out = normal(512, 1024);
        operations.put("matmul 512x256x1024", kernels -> kernels.matmul(x, wide, out, false));
        operations.put("matmulNt 512x1024x256", kernels -> kernels.matmulNt(out, wide, x, false));
        operations.put("matmulTn 256x512x1024", kernels -> kernels.matmulTn(x, out, wide, true));
        Matrix few = normal(16, 256);
        Matrix fewOut = normal(16, 1024);
        operations.put("matmul 16x256x1024", kernels -> kernels.matmul(few, wide, fewOut, false));
    }

    private void activations() {
        Matrix x = normal(2048, 1024);
        Matrix bias = Matrix.allocate(1, 1024);
        Matrix out = normal(2048, 1024);
        Matrix dx = normal(2048, 1024);
        Matrix dbias = normal(1, 1024);
        for (Activation activation : Activation.values()) {
            operations.put(activation + " with bias, 2M", kernels -> kernels.biasActivation(activation, x, bias, out));
            operations.put(
                    activation + " backward, 2M",
                    kernels -> kernels.biasActivationBackward(activation, x, out, dx, dbias));
        }
    }

    private void norms() {
        Matrix x = normal(2048, 256);
        Matrix y = normal(2048, 256);
        Matrix stats = Matrix.allocate(2048, 2);
        Matrix dx = normal(2048, 256);
        Matrix gamma = normal(1, 256);
        Matrix dgamma = normal(1, 256);
        Matrix dbeta = normal(1, 256);
        operations.put("layerNorm, 512k", kernels -> kernels.layerNorm(x, gamma, dbeta, y, stats));
        operations.put(
                "layerNormBackward, 512k", kernels -> kernels.layerNormBackward(y, x, stats, gamma, dx, dgamma, dbeta));
    }

    private void attention() {
        Matrix qkv = normal(512, 768);
        Matrix out = normal(512, 256);
        Matrix dout = normal(512, 256);
        Matrix dqkv = normal(512, 768);
        for (int length : new int[] {128, 512}) {
            Matrix logSumExp = Matrix.allocate(512, 4);
            operations.put(
                    "attention 512 rows, 4 heads, S=" + length,
                    kernels -> kernels.causalAttention(qkv, 4, length, out, logSumExp));
            operations.put(
                    "attention backward, S=" + length,
                    kernels -> kernels.causalAttentionBackward(qkv, 4, length, out, logSumExp, dout, dqkv));
        }
    }

    private void rows() {
        Matrix tokenTable = normal(8192, 256);
        Matrix positionTable = normal(128, 256);
        Matrix x = normal(512, 256);
        Matrix y = normal(512, 256);
        Matrix bias = normal(1, 256);
        int[] tokens = random.ints(512, 0, 512).toArray();
        operations.put("embed, 128k", kernels -> kernels.embed(tokens, tokenTable, positionTable, 128, x));
        operations.put(
                "embedBackward, 128k", kernels -> kernels.embedBackward(tokens, x, 128, tokenTable, positionTable));
        operations.put("gatherRows, 128k", kernels -> kernels.gatherRows(x, tokens, y));
        operations.put("sumRows k=1, 128k", kernels -> kernels.sumRows(x, tokens, 1, y, false));
        operations.put("addBias, 128k", kernels -> kernels.addBias(x, bias));
        operations.put("biasBackward, 128k", kernels -> kernels.biasBackward(x, bias));
        operations.put("addBiasResidual, 128k", kernels -> kernels.addBiasResidual(x, y, bias, y));
        operations.put("dropout, 128k", kernels -> kernels.dropout(x, 0.1f, 1, 0));
    }

    private void losses() {
        Matrix initial = normal(1024, 8192);
        Matrix logits = normal(1024, 8192);
        int[] targets = random.ints(1024, 0, 8192).toArray();
        operations.put("crossEntropy with gradient, 8M", kernels -> {
            kernels.crossEntropy(logits, targets, 0, 1);
        });
        operations.put("crossEntropy without, 8M", kernels -> kernels.crossEntropy(initial, targets, 0, 0));
    }

    private void optimizer() {
        Matrix p = normal(1, 4 << 20);
        Matrix g = normal(1, 4 << 20);
        Matrix m = Matrix.allocate(1, 4 << 20);
        Matrix v = Matrix.allocate(1, 4 << 20);
        AdamStep step = new AdamStep(1e-6f, 0.9f, 0.999f, 1e-8f, 0.01f, 1, 0.1f, 0.001f);
        operations.put("adam, 4M", kernels -> kernels.adam(p, g, m, v, step));
        operations.put("sumOfSquares, 4M", kernels -> kernels.sumOfSquares(g));
        operations.put("add, 4M", kernels -> kernels.add(m, g));
        operations.put("zero, 4M", kernels -> kernels.zero(m));
    }

    private Matrix normal(int rows, int cols) {
        Matrix matrix = Matrix.allocate(rows, cols);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                matrix.set(row, col, (float) random.nextGaussian());
            }
        }
        return matrix;
    }

    private static double bestMillis(Runnable operation) {
        long best = Long.MAX_VALUE;
        long begin = System.nanoTime();
        for (int call = 0; call < CALLS || System.nanoTime() - begin < NANOS; call++) {
            long start = System.nanoTime();
            operation.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best / 1e6;
    }
}
