package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LoadHistoryTest {
    @RandomSeeds(30)
    void periodsAreOfEqualManyEvaluations(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 6);
        int steps = random.nextInt(1, 1000);
        double[][] rows = new double[steps][];
        var history = new LoadHistory(3);
        for (int step = 0; step < steps; step++) {
            rows[step] = random.ints(experts, 0, 100).asDoubleStream().toArray();
            history.add(rows[step]);
        }

        assertThat(history.size()).isBetween(Math.min(steps, 32), 64);
        assertThat(Integer.bitCount(history.evaluationsInPeriod())).isEqualTo(1);
        for (int period = 0; period < history.size(); period++) {
            double[] sum = new double[experts];
            int from = period * history.evaluationsInPeriod();
            for (int step = from; step < Math.min(steps, from + history.evaluationsInPeriod()); step++) {
                for (int expert = 0; expert < experts; expert++) {
                    sum[expert] += rows[step][expert];
                }
            }
            double all = Arrays.stream(sum).sum();
            for (int expert = 0; expert < experts; expert++) {
                assertThat(history.shares(period)[expert]).isCloseTo(all == 0 ? 0 : sum[expert] / all, within(1e-12));
            }
        }
        assertThat((history.size() - 1) * history.evaluationsInPeriod()).isLessThan(steps);
        assertThat(history.size() * history.evaluationsInPeriod()).isGreaterThanOrEqualTo(steps);
    }

    @Test
    void lateSharesAreThoseOfTheLastTenth() {
        var history = new LoadHistory(0);
        for (int step = 1; step <= 20; step++) {
            history.add(step <= 18 ? new double[] {4, 0} : new double[] {1, 3});
        }

        assertThat(history.lateShares()).containsExactly(0.25, 0.75);
    }

    @Test
    void entropyIsOneForEvenAndNoneForOne() {
        assertThat(LoadHistory.entropy(new double[] {0.25, 0.25, 0.25, 0.25})).isCloseTo(1, within(1e-12));
        assertThat(LoadHistory.entropy(new double[] {1, 0, 0})).isZero();
        assertThat(LoadHistory.entropy(new double[] {0.5, 0.5, 0, 0})).isCloseTo(0.5, within(1e-12));
        assertThat(LoadHistory.entropy(new double[] {1})).isEqualTo(1);
    }
}
