package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.stat.inference.TTest;
import org.junit.jupiter.api.Test;

class PairedTestTest {
    /** Student's data of 1908 on sleep: t, p, interval and mean are in every textbook, and in the help of R's t.test. */
    @Test
    void studentsOwnExampleComesOutAsHisTables() {
        PairedTest test = PairedTest.of(new double[] {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4});

        assertThat(test.pairs()).isEqualTo(10);
        assertThat(test.mean()).isCloseTo(1.58, within(1e-12));
        assertThat(test.t()).isCloseTo(4.0621, within(5e-5));
        assertThat(test.p()).isCloseTo(0.002833, within(5e-7));
        assertThat(test.mean() - test.halfWidth()).isCloseTo(0.7001142, within(5e-8));
        assertThat(test.mean() + test.halfWidth()).isCloseTo(2.4598858, within(5e-8));
        assertThat(test.effectSize()).isCloseTo(1.2846, within(5e-5));
        assertThat(test.pBelow()).isCloseTo(1 - 0.002833 / 2, within(1e-6));
    }

    @RandomSeeds(50)
    void itIsThePairedTestOfTheLibrary(long seed) {
        var random = new SplittableRandom(seed);
        int pairs = random.nextInt(2, 12);
        double[] left = random.doubles(pairs, -3, 3).toArray();
        double[] right = random.doubles(pairs, -3, 2).toArray();
        double[] differences = new double[pairs];
        Arrays.setAll(differences, i -> left[i] - right[i]);

        PairedTest test = PairedTest.of(differences);

        assertThat(test.t()).isCloseTo(new TTest().pairedT(left, right), within(1e-9 * Math.abs(test.t())));
        assertThat(test.p()).isCloseTo(new TTest().pairedTTest(left, right), within(1e-9));
        double[] mirrored = Arrays.stream(differences).map(d -> -d).toArray();
        assertThat(PairedTest.of(mirrored).pBelow()).isCloseTo(1 - test.pBelow(), within(1e-12));
    }

    @Test
    void withoutSpreadThereIsNoTest() {
        PairedTest same = PairedTest.of(new double[] {-2, -2, -2});
        PairedTest none = PairedTest.of(new double[] {0, 0, 0});

        assertThat(same.applies()).isFalse();
        assertThat(same.p()).isEqualTo(1);
        assertThat(same.mean()).isEqualTo(-2);
        assertThat(same.halfWidth()).isZero();
        assertThat(none.p()).isEqualTo(1);
        assertThat(none.applies()).isFalse();
    }

    @Test
    void onePairOrNoneSaysNothing() {
        assertThat(PairedTest.of(new double[] {5}).p()).isEqualTo(1);
        assertThat(PairedTest.of(new double[] {5}).mean()).isEqualTo(5);
        assertThat(PairedTest.of(new double[0]).p()).isEqualTo(1);
        assertThat(PairedTest.of(new double[0]).pairs()).isZero();
    }
}
