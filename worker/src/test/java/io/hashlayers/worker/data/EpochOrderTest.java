package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
    @Test
    void everyEpochOfAnyLengthIsAPermutation() {
        for (int rows = 1; rows <= 300; rows++) {
            var order = new EpochOrder(rows, 17);
            for (int epoch = 0; epoch < 3; epoch++) {
                assertPermutation(order, rows, epoch);
            }
        }
    }

    @RandomSeeds(10)
    void longEpochsArePermutationsWhateverTheSeed(long seed) {
        var random = new SplittableRandom(seed);
        int rows = random.nextInt(1, 200_000);

        assertPermutation(new EpochOrder(rows, seed), rows, random.nextInt(1_000_000));
    }

    private static void assertPermutation(EpochOrder order, int rows, long epoch) {
        boolean[] seen = new boolean[rows];
        for (int i = 0; i < rows; i++) {
            int row = Math.toIntExact(order.row(epoch * rows + i));
            assertThat(seen[row])
                    .as("row %d twice in epoch %d of %d rows", row, epoch, rows)
                    .isFalse();
            seen[row] = true;
        }
    }

    @Test
    void rowsBeyondAnyMemoryAreFoundAtOnce() {
        for (long rows : new long[] {1L << 40, (1L << 61) + 1, (1L << 62) + 1, Long.MAX_VALUE}) {
            var order = new EpochOrder(rows, 3);

            long[] drawn = LongStream.range(0, 10_000).map(order::row).toArray();

            assertThat(Arrays.stream(drawn).filter(row -> row < 0 || row >= rows))
                    .as("of %d rows", rows)
                    .isEmpty();
            assertThat(Arrays.stream(drawn).distinct().count()).isEqualTo(drawn.length);
        }
    }

    @RandomSeeds(10)
    void equalSeedsGiveEqualOrdersAndOthersAndLaterEpochsGiveOthers(long seed) {
        long[] order = epoch(seed, 0);

        assertThat(epoch(seed, 0)).isEqualTo(order);
        assertThat(epoch(seed, 1)).isNotEqualTo(order);
        assertThat(epoch(seed + 1, 0)).isNotEqualTo(order);
        assertThat(epoch(seed + 1, 0)).isNotEqualTo(epoch(seed, 1));
        assertThat(order).isNotEqualTo(LongStream.range(0, 1000).toArray());
    }

    private static long[] epoch(long seed, long epoch) {
        var order = new EpochOrder(1000, seed);
        return LongStream.range(1000 * epoch, 1000 * (epoch + 1))
                .map(order::row)
                .toArray();
    }

    /**
     * Over many epochs each row comes equally often to each position: chi-squared with 49 degrees of freedom is above 110 once in
     * a million.
     */
    @Test
    void noRowPrefersAPosition() {
        int rows = 50;
        int epochs = 20_000;
        var order = new EpochOrder(rows, 1);
        for (int position : new int[] {0, 1, 24, 49}) {
            long[] counts = new long[rows];
            for (long epoch = 0; epoch < epochs; epoch++) {
                counts[(int) order.row(epoch * rows + position)]++;
            }

            double expected = (double) epochs / rows;
            double chiSquared = Arrays.stream(counts)
                    .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                    .sum();
            assertThat(chiSquared).as("position " + position).isLessThan(110);
        }
    }

    @Test
    void noRowsAndNegativePositionsAreRefused() {
        assertThatThrownBy(() -> new EpochOrder(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rows must be at least 1 but is 0");
        assertThatThrownBy(() -> new EpochOrder(1, 1).row(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }
}
