package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LogAxisTest {
    @RandomSeeds(100)
    void ticksAreFewRoundAndInside(long seed) {
        var random = new SplittableRandom(seed);
        double low = Math.pow(10, random.nextDouble(-4, 6));
        double high = low * random.nextDouble(4, 1e6);

        List<Double> ticks = new LogAxis(low, high).ticks();

        assertThat(ticks).isSorted().doesNotHaveDuplicates().hasSizeBetween(2, 9);
        assertThat(ticks).allSatisfy(tick -> assertThat(tick).isBetween(low * 0.999, high * 1.001));
    }

    @Test
    void equalRatiosAreEquallyLong() {
        var axis = new LogAxis(2, 2000);

        assertThat(axis.position(2)).isZero();
        assertThat(axis.position(2000)).isEqualTo(1);
        assertThat(axis.position(20)).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(axis.position(200)).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(new LogAxis(1, 1000).ticks()).containsExactly(1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0);
    }
}
