package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class AttentionTest {
    private final Kernels kernels;

    AttentionTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void agreesWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int heads = random.nextInt(1, 4);
        int width = heads * random.nextInt(1, 70);
        int sequenceLength = random.nextInt(1, 200);
        int rows = sequenceLength * random.nextInt(0, 3);
        Matrix qkv = memory.normal(rows, 3 * width, 1.5);
        Matrix out = memory.constant(rows, width, Double.NaN);
        Matrix logSumExp = memory.constant(rows, heads, Double.NaN);

        kernels.causalAttention(qkv, heads, sequenceLength, out, logSumExp);

        if (rows > 0) {
            double[][] expected = LoopOracle.attention(values(qkv), heads, sequenceLength);
            assertClose("out", out, columns(expected, 0, width), 2e-6);
            assertClose("logSumExp", logSumExp, columns(expected, width, width + heads), 2e-6);
        }
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds(10)
    void backwardAgreesWithFiniteDifferences(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int heads = random.nextInt(1, 4);
        int width = heads * random.nextInt(1, 6);
        int sequenceLength = random.nextInt(1, 20);
        assertGradient(memory, heads, width, sequenceLength, random.nextInt(1, 3));
    }

    @Test
    void backwardAgreesWithFiniteDifferencesOnALongSequence() {
        assertGradient(new TestMemory(new SplittableRandom(5)), 1, 2, 150, 1);
    }

    @RandomSeeds(5)
    void backwardAgreesWithFiniteDifferencesAlongTheRowsOfWideHeads(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int heads = random.nextInt(1, 3);
        int width = heads * random.nextInt(30, 70);
        int sequenceLength = random.nextInt(60, 140);
        Matrix qkv = memory.normal(sequenceLength, 3 * width);
        Matrix dout = memory.normal(sequenceLength, width);
        Matrix dqkv = gradient(memory, qkv, heads, sequenceLength, dout);

        for (int trial = 0; trial < 40; trial++) {
            int row = random.nextInt(sequenceLength);
            double[] direction = random.doubles(3L * width, -1, 1).toArray();
            double expected = FiniteDifferences.along(
                    values(qkv),
                    row,
                    direction,
                    values(dout),
                    at -> columns(LoopOracle.attention(at, heads, sequenceLength), 0, width));
            double actual = LoopOracle.dot(new double[][] {values(dqkv)[row]}, new double[][] {direction});
            assertThat(actual).isCloseTo(expected, within(1e-4 * (1 + Math.abs(expected))));
        }
        memory.assertSurroundingsUntouched();
    }

    @Test
    void laterTokensDoNotChangeEarlierOutputs() {
        var memory = new TestMemory(new SplittableRandom(3));
        Matrix qkv = memory.normal(70, 3 * 8);
        Matrix out = memory.constant(70, 8, 0);
        kernels.causalAttention(qkv, 2, 70, out, memory.constant(70, 2, 0));
        double[][] before = values(out);

        for (int col = 0; col < qkv.cols(); col++) {
            qkv.set(40, col, 9f);
        }
        kernels.causalAttention(qkv, 2, 70, out, memory.constant(70, 2, 0));

        assertThat(Arrays.copyOf(values(out), 40)).isDeepEqualTo(Arrays.copyOf(before, 40));
        assertThat(values(out)[40]).isNotEqualTo(before[40]);
    }

    @Test
    void hugeScoresPickTheLargest() {
        var memory = new TestMemory(new SplittableRandom(3));
        Matrix qkv = memory.normal(40, 3 * 8, 100);
        Matrix out = memory.constant(40, 8, 0);

        kernels.causalAttention(qkv, 1, 40, out, memory.constant(40, 1, 0));

        assertClose("out", out, columns(LoopOracle.attention(values(qkv), 1, 40), 0, 8), 1e-3);
    }

    private void assertGradient(TestMemory memory, int heads, int width, int sequenceLength, int sequences) {
        int rows = sequenceLength * sequences;
        Matrix qkv = memory.normal(rows, 3 * width, 1.5);
        Matrix dout = memory.normal(rows, width);

        Matrix dqkv = gradient(memory, qkv, heads, sequenceLength, dout);

        double[][] expected = FiniteDifferences.gradient(
                values(qkv), values(dout), at -> columns(LoopOracle.attention(at, heads, sequenceLength), 0, width));
        assertClose("dqkv", dqkv, expected, 5e-6);
        memory.assertSurroundingsUntouched();
    }

    private Matrix gradient(TestMemory memory, Matrix qkv, int heads, int sequenceLength, Matrix dout) {
        Matrix out = memory.constant(dout.rows(), dout.cols(), 0);
        Matrix logSumExp = memory.constant(dout.rows(), heads, 0);
        Matrix dqkv = memory.constant(qkv.rows(), qkv.cols(), Double.NaN);
        kernels.causalAttention(qkv, heads, sequenceLength, out, logSumExp);
        kernels.causalAttentionBackward(qkv, heads, sequenceLength, out, logSumExp, dout, dqkv);
        return dqkv;
    }

    private static double[][] columns(double[][] x, int from, int to) {
        return Arrays.stream(x).map(row -> Arrays.copyOfRange(row, from, to)).toArray(double[][]::new);
    }
}
