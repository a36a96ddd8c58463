package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class DropoutTest {
    private final Kernels kernels;

    DropoutTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void anySplitOfTheRowsDropsTheSame(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(1, 12);
        int cols = random.nextInt(1, 70);
        long firstRow = random.nextLong(1L << 40);
        Matrix whole = memory.normal(rows, cols);
        Matrix split = memory.copyOf(whole);
        int cut = random.nextInt(rows + 1);

        kernels.dropout(whole, 0.3f, seed, firstRow);
        kernels.dropout(split.window(0, cut), 0.3f, seed, firstRow);
        kernels.dropout(split.window(cut, rows - cut), 0.3f, seed, firstRow + cut);

        assertThat(values(split)).isDeepEqualTo(values(whole));
        memory.assertSurroundingsUntouched();
    }

    @Test
    void bothImplementationsDropTheSame() {
        Matrix x = new TestMemory(new SplittableRandom(1)).normal(20, 37);
        double[][] expected = values(x);
        for (int row = 0; row < 20; row++) {
            long key = DropoutHash.rowKey(9, 100 + row);
            for (int col = 0; col < 37; col++) {
                boolean dropped = DropoutHash.uniform((int) key, (int) (key >>> 32), col) < DropoutHash.threshold(0.1f);
                expected[row][col] = dropped ? 0 : (float) expected[row][col] * (1 / (1 - 0.1f));
            }
        }

        kernels.dropout(x, 0.1f, 9, 100);

        TestMemory.assertClose("x", x, expected, 1e-7);
    }

    @Test
    void dropsTheAskedShareOfEveryColumnAndKeepsTheMean() {
        Matrix x = Matrix.allocate(4000, 37);
        x.array().assign(1);

        kernels.dropout(x, 0.25f, 42, 7);

        double[] dropped = new double[37];
        for (double[] row : values(x)) {
            for (int col = 0; col < 37; col++) {
                assertThat(row[col]).isIn(0.0, (double) (1 / 0.75f));
                dropped[col] += row[col] == 0 ? 1 : 0;
            }
        }
        // A share of 4000 draws deviates by 0.0068 (one sigma); 37 columns stay within 4.5 of them.
        for (double count : dropped) {
            assertThat(count / 4000).isCloseTo(0.25, within(0.031));
        }
        assertThat(Arrays.stream(dropped).sum() / x.size()).isCloseTo(0.25, within(0.005));
    }

    @Test
    void seedsAndRowsAreIndependent() {
        Matrix x = Matrix.allocate(2, 20_000);
        Matrix otherSeed = Matrix.allocate(1, 20_000);
        x.array().assign(1);
        otherSeed.array().assign(1);

        kernels.dropout(x, 0.5f, 1, 0);
        kernels.dropout(otherSeed, 0.5f, 2, 0);

        assertThat(agreement(x, 0, x, 1)).isCloseTo(0.5, within(0.02));
        assertThat(agreement(x, 0, otherSeed, 0)).isCloseTo(0.5, within(0.02));
    }

    @Test
    void probabilityMustBeBelowOne() {
        Matrix x = Matrix.allocate(1, 2);

        assertThatThrownBy(() -> kernels.dropout(x, 1, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("probability of dropout is 1.0");
    }

    private static double agreement(Matrix a, int rowOfA, Matrix b, int rowOfB) {
        int equal = 0;
        for (int col = 0; col < a.cols(); col++) {
            equal += a.get(rowOfA, col) == b.get(rowOfB, col) ? 1 : 0;
        }
        return (double) equal / a.cols();
    }
}
