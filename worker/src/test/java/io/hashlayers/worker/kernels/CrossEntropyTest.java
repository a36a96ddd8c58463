package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class CrossEntropyTest {
    private final Kernels kernels;

    CrossEntropyTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void lossAgreesWithLoopsAndGradientWithFiniteDifferences(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(1, 6);
        int vocabulary = random.nextInt(1, 90);
        int firstTarget = random.nextInt(3);
        int[] targets = memory.indices(firstTarget + rows, vocabulary);
        targets[firstTarget + random.nextInt(rows)] = -1;
        Matrix logits = memory.normal(rows, vocabulary, 3);
        double[][] x = values(logits);
        double expected = LoopOracle.crossEntropy(x, targets, firstTarget)[0][0];
        double[][] gradient = FiniteDifferences.gradient(
                x, new double[][] {{0.25}}, at -> LoopOracle.crossEntropy(at, targets, firstTarget));

        assertThat(kernels.crossEntropy(logits, targets, firstTarget, 0)).isCloseTo(expected, within(1e-5));
        assertThat(values(logits)).as("logits are kept").isDeepEqualTo(x);

        assertThat(kernels.crossEntropy(logits, targets, firstTarget, 0.25f)).isCloseTo(expected, within(1e-5));
        assertClose("dlogits", logits, gradient, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @Test
    void noRowsHaveNoLoss() {
        var memory = new TestMemory(new SplittableRandom(1));

        assertThat(kernels.crossEntropy(memory.constant(0, 5, 0), new int[0], 0, 1))
                .isZero();
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        Matrix logits = new TestMemory(new SplittableRandom(1)).constant(2, 37, -1e30);
        logits.set(0, 5, 1e30f);
        logits.set(1, 6, 500);

        double loss = kernels.crossEntropy(logits, new int[] {5, 6}, 0, 1);

        assertThat(loss).isZero();
        assertThat(kernels.sumOfSquares(logits)).isZero();
    }

    @Test
    void impossibleTokensGetNoGradient() {
        Matrix logits = new TestMemory(new SplittableRandom(1)).constant(1, 37, Double.NEGATIVE_INFINITY);
        logits.set(0, 5, 1);
        logits.set(0, 6, 1);

        assertThat(kernels.crossEntropy(logits, new int[] {5}, 0, 1)).isCloseTo(Math.log(2), within(1e-6));

        assertThat(logits.get(0, 5)).isEqualTo(-0.5f);
        assertThat(logits.get(0, 6)).isEqualTo(0.5f);
        assertThat(logits.get(0, 36)).isZero();
    }

    @Test
    void lossOfLogitsThatAreNotNumbersIsNaN() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            for (int col : new int[] {0, 20, 36}) {
                Matrix logits = new TestMemory(new SplittableRandom(1)).normal(3, 37);
                logits.set(1, col, bad);

                assertThat(kernels.crossEntropy(logits, new int[] {1, 2, 3}, 0, 1))
                        .as("%s at column %d", bad, col)
                        .isNaN();
            }
        }
    }

    @Test
    void rowWithoutTargetIsZeroedWhateverItHolds() {
        Matrix logits = new TestMemory(new SplittableRandom(1)).constant(1, 37, Double.NaN);

        assertThat(kernels.crossEntropy(logits, new int[] {-1}, 0, 1)).isZero();

        assertThat(kernels.sumOfSquares(logits)).isZero();
    }
}
