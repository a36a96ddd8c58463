package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AxisTest {
    private static final double[] FACTORS = {1, 2, 5};

    @RandomSeeds(200)
    void ticksAreRoundCoverTheRangeAndAreAsManyAsAllowed(long seed) {
        var random = new SplittableRandom(seed);
        double from = random.nextDouble(-10, 10) * Math.pow(10, random.nextInt(-2, 5));
        double to = from + random.nextDouble(0.1, 1) * Math.pow(10, random.nextInt(-1, 6));
        int mostTicks = random.nextInt(4, 13);

        Axis axis = Axis.covering(from, to, mostTicks);

        List<Double> ticks = axis.ticks();
        double rounding = 1e-9 * axis.step();
        assertThat(ticks).hasSizeBetween(2, mostTicks);
        assertThat(ticks.get(0)).isLessThanOrEqualTo(from + rounding);
        assertThat(ticks.get(ticks.size() - 1)).isGreaterThanOrEqualTo(to - rounding);
        assertThat(axis.position(from)).isBetween(-1e-9, 1.0);
        assertThat(axis.position(to)).isBetween(0.0, 1 + 1e-9);
        assertThat(axis.step()).isCloseTo(leastRoundStep(from, to, mostTicks), within(rounding));
        for (double tick : ticks) {
            assertThat(tick / axis.step()).isCloseTo(Math.rint(tick / axis.step()), within(1e-6));
        }
    }

    /** Tries all round steps from small to large. */
    private static double leastRoundStep(double from, double to, int mostTicks) {
        for (int power = -6; power < 12; power++) {
            for (double factor : FACTORS) {
                double step = factor * Math.pow(10, power);
                if (Math.ceil(to / step) - Math.floor(from / step) + 1 <= mostTicks) {
                    return step;
                }
            }
        }
        throw new AssertionError("no step");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-12, 3.2, -3.2, 1e5, 123_456_789, 9.87e11, -1e12, 1e100})
    void aRangeWithoutWidthHasTicksThatDiffer(double value) {
        Axis axis = Axis.covering(value, value, 8);

        assertThat(axis.ticks()).hasSizeBetween(2, 8).doesNotHaveDuplicates();
        assertThat(axis.position(value)).isBetween(-1e-6, 1 + 1e-6);
    }

    @Test
    void stepsOfARunHaveTheTicksThatOneWouldDraw() {
        assertThat(Axis.covering(0, 800, 8).ticks()).containsExactly(0.0, 200.0, 400.0, 600.0, 800.0);
        assertThat(Axis.covering(0, 1, 8).ticks()).hasSize(6).contains(0.0, 1.0);
    }
}
