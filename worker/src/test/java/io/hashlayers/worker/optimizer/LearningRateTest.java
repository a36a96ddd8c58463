package io.hashlayers.worker.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import org.junit.jupiter.api.Test;

class LearningRateTest {
    private static LearningRate rate(Schedule schedule, long warmupSteps, long steps) {
        return new LearningRate(new OptimizerConfig(8e-4, warmupSteps, schedule, 0.25, 0.9, 0.95, 1e-8, 0, 0), steps);
    }

    @Test
    void risesInALineAndReachesThePeakAtTheLastStepOfTheWarmUp() {
        LearningRate rate = rate(Schedule.LINEAR, 4, 12);

        assertThat(rate.at(1)).isCloseTo(2e-4, within(1e-12));
        assertThat(rate.at(3)).isCloseTo(6e-4, within(1e-12));
        assertThat(rate.at(4)).isCloseTo(8e-4, within(1e-12));
    }

    @Test
    void linearFallsToTheFinalRatioAtTheLastStep() {
        LearningRate rate = rate(Schedule.LINEAR, 4, 12);

        assertThat(rate.at(6)).isCloseTo(8e-4 * (1 - 0.75 * 0.25), within(1e-12));
        assertThat(rate.at(8)).isCloseTo(5e-4, within(1e-12));
        assertThat(rate.at(12)).isCloseTo(2e-4, within(1e-12));
    }

    @Test
    void cosineFallsSlowlyAtBothEnds() {
        LearningRate rate = rate(Schedule.COSINE, 4, 12);

        // cos(pi / 4) = 0.70710678
        assertThat(rate.at(6)).isCloseTo(8e-4 * (0.25 + 0.75 * 0.85355339), within(1e-11));
        assertThat(rate.at(8)).isCloseTo(5e-4, within(1e-12));
        assertThat(rate.at(12)).isCloseTo(2e-4, within(1e-12));
    }

    @Test
    void constantStaysAtThePeak() {
        LearningRate rate = rate(Schedule.CONSTANT, 0, 12);

        assertThat(rate.at(1)).isEqualTo(8e-4);
        assertThat(rate.at(12)).isEqualTo(8e-4);
    }

    @Test
    void staysAtTheFinalRateBehindTheLastStep() {
        assertThat(rate(Schedule.COSINE, 4, 12).at(100)).isCloseTo(2e-4, within(1e-12));
    }

    @Test
    void aRunShorterThanItsWarmUpNeverReachesThePeak() {
        assertThat(rate(Schedule.LINEAR, 10, 5).at(5)).isCloseTo(4e-4, within(1e-12));
    }
}
