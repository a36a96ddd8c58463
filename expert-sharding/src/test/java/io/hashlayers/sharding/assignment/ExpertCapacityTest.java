package io.hashlayers.sharding.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpertCapacityTest {
    @Test
    void firstChoicesOfAllRanksComeBeforeSecondOnes() {
        // two ranks of 2 rows with 2 choices among 3 experts, each of which takes 2 rows
        int[][] experts = {{0, 1, 0, 2}, {0, 1, 1, 0}};
        var capacity = new ExpertCapacity(2, 2, 3);

        admit(capacity, experts, new int[2][6], 2);

        // expert 0: rows 0 and 1; row 2 comes too late, row 3 has it as its second choice. Expert 1: row 3, then row 0
        assertThat(experts[0]).containsExactly(0, 1, 0, 2);
        assertThat(experts[1]).containsExactly(-1, -1, 1, -1);
        assertThat(capacity.dropped()).isEqualTo(3);
        assertThat(capacity.admittedRows(0, 0)).isEqualTo(2);
        assertThat(capacity.admittedRows(1, 0)).isZero();
        assertThat(capacity.admittedRows(1, 1)).isEqualTo(1);
    }

    @RandomSeeds(100)
    void theAdmittedRowsAreTheSameOnAnyNumberOfRanks(long seed) {
        var batch = new Batch(seed);
        int[] expected = batch.admittedOneByOne();

        for (int worldSize : new int[] {1, 2, 4}) {
            int[][] shares = batch.shares(worldSize);

            var capacity = new ExpertCapacity(worldSize, batch.choices, batch.experts);
            admit(capacity, shares, batch.counts(shares.length), batch.capacity);

            assertThat(Arrays.stream(shares).flatMapToInt(Arrays::stream))
                    .as("%d ranks", worldSize)
                    .containsExactlyElementsOf(Arrays.stream(expected).boxed().toList());
            assertThat(capacity.dropped()).isEqualTo(sent(batch.expertOf) - sent(expected));
        }
    }

    @RandomSeeds
    void noExpertTakesMoreThanItsCapacityAndTheCountsAreThoseOfTheRows(long seed) {
        var batch = new Batch(seed);
        int[][] shares = batch.shares(4);
        var capacity = new ExpertCapacity(4, batch.choices, batch.experts);

        admit(capacity, shares, batch.counts(shares.length), batch.capacity);

        for (int expert = 0; expert < batch.experts; expert++) {
            int all = 0;
            for (int rank = 0; rank < 4; rank++) {
                int of = expert;
                assertThat(Arrays.stream(shares[rank]).filter(e -> e == of).count())
                        .isEqualTo(capacity.admittedRows(rank, expert));
                all += capacity.admittedRows(rank, expert);
            }
            assertThat(all).isLessThanOrEqualTo(batch.capacity);
        }
    }

    @RandomSeeds
    void nothingIsDroppedIfAllFits(long seed) {
        var batch = new Batch(seed);
        int fullest = IntStream.range(0, batch.experts)
                .map(expert -> (int)
                        Arrays.stream(batch.expertOf).filter(e -> e == expert).count())
                .max()
                .orElseThrow();
        int[][] shares = batch.shares(2);
        var capacity = new ExpertCapacity(2, batch.choices, batch.experts);

        admit(capacity, shares, batch.counts(2), fullest);

        assertThat(capacity.dropped()).isZero();
        assertThat(shares).isDeepEqualTo(batch.shares(2));
    }

    @Test
    void theCapacityIsRoundedUp() {
        assertThat(ExpertCapacity.capacity(1, 1, 512, 64)).isEqualTo(8);
        assertThat(ExpertCapacity.capacity(1.25, 1, 512, 64)).isEqualTo(10);
        assertThat(ExpertCapacity.capacity(1.01, 1, 512, 64)).isEqualTo(9);
        assertThat(ExpertCapacity.capacity(2, 2, 512, 64)).isEqualTo(32);
        assertThat(ExpertCapacity.capacity(1, 1, 3, 64)).isEqualTo(1);
        assertThat(ExpertCapacity.capacity(1.1, 1, 3000, 100)).isEqualTo(33); // 33.000000000000004 in doubles
        for (double factor : new double[] {0, -1, Double.NaN, 1e300}) {
            assertThatThrownBy(() -> ExpertCapacity.capacity(factor, 1, 512, 64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a capacity factor of " + factor + " with 1 choices of 512 rows among 64 experts");
        }
    }

    @Test
    void limitingAllocatesNothing() {
        var batch = new Batch(3);
        int[][] shares = batch.shares(2);
        int[][] counts = batch.counts(2);
        var capacity = new ExpertCapacity(2, batch.choices, batch.experts);
        admit(capacity, shares, counts, 3);
        long before = Assignments.allocatedBytes();

        for (int i = 0; i < 1000; i++) {
            admit(capacity, shares, counts, 3);
        }

        assertThat(Assignments.allocatedBytes() - before).isLessThan(4000); // less than any object for each batch
    }

    @Test
    void arraysOfAnotherShapeAreRefused() {
        var capacity = new ExpertCapacity(2, 2, 3);

        assertRefused(() -> capacity.count(new int[5], new int[6]), "5 experts cannot be those of rows with 2 choices");
        assertRefused(() -> capacity.count(new int[4], new int[5]), "5 counts of a rank, there must be 6 of each");
        assertRefused(() -> capacity.count(new int[] {0, 3}, new int[6]), "row 0, choice 1 has expert 3, there are");
        assertRefused(() -> capacity.limit(new int[1][6], 1), "counts of 1 ranks with capacity 1; there are 2 ranks");
        assertRefused(() -> capacity.limit(new int[2][6], -1), "counts of 2 ranks with capacity -1");
        assertRefused(() -> capacity.limit(new int[][] {new int[6], new int[4]}, 1), "4 counts of a rank");
        assertRefused(
                () -> capacity.limit(new int[][] {new int[6], {0, 0, -2, 0, 0, 0}}, 1),
                "a count of rank 1 is negative: -2");
        assertRefused(() -> capacity.admit(0, new int[3]), "3 experts cannot be those");
        assertRefused(() -> new ExpertCapacity(0, 1, 1), "0 ranks, 1 choices and 1 experts");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    /** What the ranks do: count, tell each other, limit, admit. */
    private static void admit(ExpertCapacity capacity, int[][] shares, int[][] counts, int limit) {
        for (int rank = 0; rank < shares.length; rank++) {
            capacity.count(shares[rank], counts[rank]);
        }
        capacity.limit(counts, limit);
        for (int rank = 0; rank < shares.length; rank++) {
            capacity.admit(rank, shares[rank]);
        }
    }

    private static long sent(int[] expertOf) {
        return Arrays.stream(expertOf).filter(expert -> expert >= 0).count();
    }

    /** Rows with different experts, some of which nobody wants and one of which many do; some choices are none from the start. */
    private static final class Batch {
        final int experts;
        final int choices;
        final int capacity;
        final int[] expertOf; // [4 n, choices]

        Batch(long seed) {
            var random = new SplittableRandom(seed);
            experts = random.nextInt(1, 9);
            choices = random.nextInt(1, Math.min(experts, 3) + 1);
            int rows = 4 * random.nextInt(12);
            capacity = random.nextInt(1 + rows);
            expertOf = IntStream.range(0, rows)
                    .flatMap(row -> {
                        int first = random.nextInt(1 + random.nextInt(experts));
                        return IntStream.range(0, choices).map(choice -> (first + choice) % experts);
                    })
                    .map(expert -> random.nextInt(10) == 0 ? -1 : expert)
                    .toArray();
        }

        int[][] shares(int worldSize) {
            int length = expertOf.length / worldSize;
            return IntStream.range(0, worldSize)
                    .mapToObj(rank -> Arrays.copyOfRange(expertOf, rank * length, (rank + 1) * length))
                    .toArray(int[][]::new);
        }

        int[][] counts(int worldSize) {
            return new int[worldSize][choices * experts];
        }

        /** The rule in its plainest form, without ranks or counts. */
        int[] admittedOneByOne() {
            int[] admitted = expertOf.clone();
            var taken = new int[experts];
            for (int choice = 0; choice < choices; choice++) {
                for (int i = choice; i < admitted.length; i += choices) {
                    if (admitted[i] >= 0 && taken[admitted[i]]++ >= capacity) {
                        admitted[i] = -1;
                    }
                }
            }
            return admitted;
        }
    }
}
