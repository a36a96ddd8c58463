package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.LoopOracle.activate;
import static io.hashlayers.worker.kernels.LoopOracle.addBias;
import static io.hashlayers.worker.kernels.LoopOracle.columnSums;
import static io.hashlayers.worker.kernels.LoopOracle.sum;
import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EachKernels
class ElementwiseTest {
    private final Kernels kernels;

    ElementwiseTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void biasIsAddedToEveryRowAndItsGradientIsTheColumnSum(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int cols = random.nextInt(1, 70);
        Matrix x = memory.normal(random.nextInt(0, 9), cols);
        Matrix bias = memory.normal(1, cols);
        Matrix dbias = memory.normal(1, cols);
        double[][] expected = addBias(values(x), values(bias));
        double[][] expectedGradient = sum(values(dbias), columnSums(expected, cols));

        kernels.addBias(x, bias);
        kernels.biasBackward(x, dbias);

        assertClose("x", x, expected, 1e-6);
        assertClose("dbias", dbias, expectedGradient, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void residualMayBeWrittenOverEitherInput(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(0, 9);
        int cols = random.nextInt(1, 70);
        Matrix x = memory.normal(rows, cols);
        Matrix delta = memory.normal(rows, cols);
        Matrix bias = memory.normal(1, cols);
        Matrix out = memory.constant(rows, cols, 0);
        Matrix overX = memory.copyOf(x);
        Matrix overDelta = memory.copyOf(delta);
        double[][] expected = addBias(sum(values(x), values(delta)), values(bias));

        kernels.addBiasResidual(x, delta, bias, out);
        kernels.addBiasResidual(overX, delta, bias, overX);
        kernels.addBiasResidual(x, overDelta, bias, overDelta);

        assertClose("out", out, expected, 1e-6);
        assertClose("out = x", overX, expected, 1e-6);
        assertClose("out = delta", overDelta, expected, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void activationsAgreeWithTheirEquations(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(0, 9);
        int cols = random.nextInt(1, 70);
        Matrix bias = memory.normal(1, cols);
        for (Activation activation : Activation.values()) {
            Matrix x = memory.normal(rows, cols, 3);
            Matrix out = memory.constant(rows, cols, 0);
            double[][] biased = addBias(values(x), values(bias));

            kernels.biasActivation(activation, x, bias, out);

            assertClose(activation + " x", x, biased, 1e-6);
            assertClose(activation + " out", out, activate(activation, biased), 1e-6);
        }
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void activationBackwardAgreesWithFiniteDifferences(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(1, 9);
        int cols = random.nextInt(1, 70);
        for (Activation activation : Activation.values()) {
            Matrix x = memory.normal(rows, cols, 3);
            Matrix dout = memory.normal(rows, cols);
            Matrix dx = memory.constant(rows, cols, Double.NaN);
            Matrix dbias = memory.constant(1, cols, 0.5);
            double[][] expected = FiniteDifferences.gradient(values(x), values(dout), at -> activate(activation, at));

            kernels.biasActivationBackward(activation, x, dout, dx, dbias);
            kernels.biasActivationBackward(activation, x, dout, dout, memory.constant(1, cols, 0));

            assertClose(activation + " dx", dx, expected, 1e-6);
            assertClose(activation + " dx = dout", dout, expected, 1e-6);
            double[][] half = values(memory.constant(1, cols, 0.5));
            assertClose(activation + " dbias", dbias, sum(half, columnSums(expected, cols)), 2e-6);
        }
        memory.assertSurroundingsUntouched();
    }

    @ParameterizedTest
    @EnumSource
    void activationOfHugeInputsIsTheInputOrZero(Activation activation) {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix x = memory.constant(2, 37, 0);
        Matrix out = memory.constant(2, 37, 0);
        Matrix dx = memory.constant(2, 37, 0);
        for (float huge : new float[] {20f, 1e4f, 1e12f, 1e30f}) {
            for (int col = 0; col < x.cols(); col++) {
                x.set(0, col, huge);
                x.set(1, col, -huge);
            }

            kernels.biasActivation(activation, x, memory.constant(1, 37, 0), out);
            kernels.biasActivationBackward(activation, x, memory.constant(2, 37, 1), dx, memory.constant(1, 37, 0));

            for (int col : new int[] {0, 36}) {
                assertThat(out.get(0, col)).isEqualTo(huge);
                assertThat(out.get(1, col)).isZero();
                assertThat(dx.get(0, col)).isEqualTo(1);
                assertThat(dx.get(1, col)).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void activationKeepsNaN(Activation activation) {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix x = memory.constant(1, 37, Double.NaN);
        Matrix out = memory.constant(1, 37, 0);

        kernels.biasActivation(activation, x, memory.constant(1, 37, 0), out);

        assertThat(out.get(0, 0)).isNaN();
        assertThat(out.get(0, 36)).isNaN();
    }

    @RandomSeeds
    void addZeroAndSumOfSquaresAgreeWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(0, 9);
        int cols = random.nextInt(1, 70);
        Matrix x = memory.normal(rows, cols);
        Matrix y = memory.normal(rows, cols);
        double[][] expected = sum(values(x), values(y));

        kernels.add(x, y);
        assertClose("x + y", x, expected, 1e-6);
        assertThat(kernels.sumOfSquares(x))
                .isCloseTo(LoopOracle.dot(values(x), values(x)), within(1e-9 * (1 + x.size())));

        kernels.zero(x);
        assertThat(kernels.sumOfSquares(x)).isZero();
        memory.assertSurroundingsUntouched();
    }

    @Test
    void sumOfSquaresDoesNotLoseSmallTermsAmongMany() {
        Matrix x = Matrix.allocate(1, 1_000_003);
        x.array().assign(1e-3);
        x.set(0, 0, 1e4f);
        double square = (double) 1e-3f * 1e-3f;

        assertThat(kernels.sumOfSquares(x)).isCloseTo(1e8 + 1_000_002 * square, within(1e-2));
    }

    @Test
    void sumOfSquaresOfNaNIsNaN() {
        Matrix x = new TestMemory(new SplittableRandom(1)).constant(3, 11, 1);
        x.set(2, 10, Float.NaN);

        assertThat(kernels.sumOfSquares(x)).isNaN();
    }
}
