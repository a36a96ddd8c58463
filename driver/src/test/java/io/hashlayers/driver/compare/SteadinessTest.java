package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SteadinessTest {
    private static RunMetrics run(int steps, IntToDoubleFunction loss, IntToDoubleFunction norm) {
        return new RunMetrics(
                1,
                IntStream.rangeClosed(1, steps)
                        .mapToObj(step -> new RunMetrics.Step(
                                step, loss.applyAsDouble(step), norm.applyAsDouble(step), 0, 0, 0, 0, 0))
                        .toList(),
                List.of(),
                List.of());
    }

    @Test
    void aSpikeStandsOutOfItsNeighboursInTheSecondHalf() {
        RunMetrics run = run(400, step -> 1, step -> step % 50 == 0 ? 5 : 1);

        assertThat(Steadiness.gradientSpikes(run)).as("250, 300, 350, 400").isEqualTo(4);
        assertThat(Steadiness.largestSpike(run)).isEqualTo(5);
        assertThat(Steadiness.gradientSpikes(run(400, step -> 1, step -> 1.9 - step / 400.0)))
                .as("a norm that falls slowly")
                .isZero();
        assertThat(Steadiness.gradientSpikes(run(0, step -> 1, step -> 1))).isNaN();
        assertThat(Steadiness.largestSpike(run(0, step -> 1, step -> 1))).isNaN();
    }

    @Test
    void aStraightFallIsNoDeviation() {
        assertThat(Steadiness.lateLossDeviation(run(400, step -> 9 - 0.01 * step, step -> 1)))
                .isCloseTo(0, within(1e-6));
        double alternating =
                Steadiness.lateLossDeviation(run(4000, step -> 9 - 0.001 * step + (step % 2) * 0.2, step -> 1));
        assertThat(alternating).isCloseTo(0.1, within(1e-3));
        assertThat(Steadiness.lateLossDeviation(run(4000, step -> step < 3000 ? 1e3 * Math.sin(step) : 1, step -> 1)))
                .as("what was before is not looked at")
                .isCloseTo(0, within(1e-6));
        assertThat(Steadiness.lateLossDeviation(run(8, step -> step, step -> 1)))
                .isNaN();
    }
}
