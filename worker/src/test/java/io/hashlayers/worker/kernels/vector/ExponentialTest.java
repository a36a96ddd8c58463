package io.hashlayers.worker.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExponentialTest {
    private static final int STRIDE = 1009; // prime: the patterns of all exponents are visited

    @Test
    void everyFiniteArgumentIsWithinOneUnitInTheLastPlace() {
        float[] arguments = new float[1 << 12];
        int filled = 0;
        for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += STRIDE) {
            float x = Float.intBitsToFloat((int) bits);
            if (x >= -87.3f && x <= 88.3f) {
                arguments[filled++] = x;
            }
            if (filled == arguments.length) {
                assertWithinOneUlp(arguments);
                filled = 0;
            }
        }
        assertWithinOneUlp(Arrays.copyOf(arguments, filled));
    }

    @Test
    void everyArgumentBetweenMinusFourAndFourIsWithinOneUnitInTheLastPlace() {
        float[] arguments = new float[1 << 12];
        for (int block = 0; block < 256; block++) {
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = (block * arguments.length + i) * 0x1p-17f - 4;
            }
            assertWithinOneUlp(arguments);
        }
    }

    @Test
    void tooSmallArgumentsGiveZero() {
        assertThat(exp(-88f, -100f, -1e10f, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY))
                .containsOnly(0);
        assertThat(exp(-87.5f)[0]).isBetween(0f, Float.MIN_NORMAL);
    }

    @Test
    void tooLargeArgumentsGiveInfinity() {
        assertThat(exp(88.4f, 88.7f, 88.9f, 89f)).containsOnly(Float.POSITIVE_INFINITY);
    }

    @Test
    void notANumberStaysSo() {
        assertThat(exp(Float.NaN, Float.intBitsToFloat(0xffc12345), Float.intBitsToFloat(0x7f812345)))
                .containsOnly(Float.NaN);
    }

    @Test
    void zeroGivesExactlyOne() {
        assertThat(exp(0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE)).containsOnly(1);
    }

    @Test
    void elementsThatFillNoVectorGetTheSameBits() {
        float[] arguments = new float[50];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = 11.7f * i - 300;
        }
        float[] together = exp(arguments);

        for (int i = 0; i < arguments.length; i++) {
            assertThat(exp(arguments[i])[0]).isEqualTo(together[i]);
        }
    }

    private static void assertWithinOneUlp(float[] arguments) {
        float[] results = exp(arguments);
        for (int i = 0; i < arguments.length; i++) {
            double expected = StrictMath.exp(arguments[i]);
            if (!(Math.abs(results[i] - expected) <= Math.ulp((float) expected))) {
                throw new AssertionError(
                        "e^%s is %s, expected %s within an ulp".formatted(arguments[i], results[i], expected));
            }
        }
    }

    private static float[] exp(float... arguments) {
        float[] results = arguments.clone();
        Exponential.run(results, 0, results.length, 0);
        return results;
    }
}
