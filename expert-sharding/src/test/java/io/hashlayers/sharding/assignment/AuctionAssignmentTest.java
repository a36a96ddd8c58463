package io.hashlayers.sharding.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AuctionAssignmentTest {
    @Test
    void aSmallBatchCanBeCheckedByHand() {
        float[] scores = {
            9, 5, // all prefer expert 0; it is worth 4, 1, 3 and 2 to them
            6, 5, //
            8, 5, //
            7, 5
        };
        var auction = new AuctionAssignment(4, 2);
        var experts = new int[4];

        auction.assign(scores, experts);

        assertThat(experts).containsExactly(0, 1, 0, 1);
        assertThat(auction.price(0) - auction.price(1)).isBetween(2 - auction.epsilon(), 3 + auction.epsilon());
    }

    @RandomSeeds(40)
    void theSumIsWithinRowsTimesEpsilonOfTheLargest(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 6);
        int rows = experts * random.nextInt(1, 5);
        for (RandomScores kind : RandomScores.values()) {
            float[] scores = kind.draw(rows, experts, seed);
            var auction = new AuctionAssignment(rows, experts);

            double sum = Assignments.sum(scores, assigned(auction, rows, scores));

            double largest = Assignments.largestSum(scores, rows, experts);
            double rounding = 1e-5 * rows * range(scores, rows);
            assertThat(sum).as("%s", kind).isBetween(largest - rows * auction.epsilon() - rounding, largest + rounding);
        }
    }

    /** Any prices give a bound of the largest sum; those of the auction prove that its own is within R eps of it. */
    @RandomSeeds(40)
    void thePricesProveTheBound(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 65);
        int rows = experts * random.nextInt(1, 20);
        var auction = new AuctionAssignment(rows, experts);
        for (RandomScores kind : RandomScores.values()) {
            float[] scores = kind.draw(rows, experts, seed);

            int[] assigned = assigned(auction, rows, scores);

            Assignments.requireBalanced(assigned, experts);
            double gap = dual(scores, rows, experts, auction) - Assignments.sum(scores, assigned);
            double rounding = 1e-5 * rows * range(scores, rows);
            assertThat(gap).as("%s", kind).isBetween(-rounding, rows * auction.epsilon() + rounding);
            assertThat(auction.epsilon()).as("%s", kind).isLessThanOrEqualTo(range(scores, rows) / 4096);
        }
    }

    /** The rows of a batch that takes too many bids are assigned within the eps before. */
    @RandomSeeds
    void aBatchThatTakesTooLongHasAWiderBound(long seed) {
        int rows = 96;
        int experts = 8;
        for (RandomScores kind : RandomScores.values()) {
            for (int bidsPerRow : new int[] {0, 2, 5}) {
                float[] scores = kind.draw(rows, experts, seed);
                var hasty = new AuctionAssignment(rows, experts, bidsPerRow);

                int[] assigned = assigned(hasty, rows, scores);

                Assignments.requireBalanced(assigned, experts);
                double gap = dual(scores, rows, experts, hasty) - Assignments.sum(scores, assigned);
                double rounding = 1e-5 * rows * range(scores, rows);
                assertThat(gap).isBetween(-rounding, rows * hasty.epsilon() + rounding);
                assertThat(hasty.bids()).isLessThanOrEqualTo((long) (Math.max(bidsPerRow, 5) + 1) * rows);
            }
        }
        var hasty = new AuctionAssignment(rows, experts, 0);
        assigned(hasty, rows, RandomScores.INDEPENDENT.draw(rows, experts, seed));
        assertThat(hasty.epsilon()).isGreaterThan(range(RandomScores.INDEPENDENT.draw(rows, experts, seed), rows) / 10);
    }

    @RandomSeeds
    void whatAllExpertsGetAndTheUnitDoNotMatter(long seed) {
        int rows = 40;
        int experts = 8;
        var random = new SplittableRandom(seed);
        float[] scores = RandomScores.TIES.draw(rows, experts, seed);
        float[] other = scores.clone();
        for (int row = 0; row < rows; row++) {
            int shift = random.nextInt(-1000, 1000);
            for (int e = 0; e < experts; e++) {
                other[row * experts + e] = 8 * (scores[row * experts + e] + shift);
            }
        }

        assertThat(assigned(new AuctionAssignment(rows, experts), rows, other))
                .isEqualTo(assigned(new AuctionAssignment(rows, experts), rows, scores));
    }

    @RandomSeeds
    void scoresThatAreNotFiniteCountAsTheSmallest(long seed) {
        int rows = 24;
        int experts = 6;
        var random = new SplittableRandom(seed);
        float[] scores = RandomScores.INDEPENDENT.draw(rows, experts, seed);
        float[] broken = scores.clone();
        var taken = new boolean[scores.length];
        for (int i = 0; i < 20; i++) {
            int place = random.nextInt(scores.length);
            broken[place] = new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}[i % 3];
            taken[place] = true;
        }
        float least = Float.MAX_VALUE;
        for (int i = 0; i < scores.length; i++) {
            least = taken[i] ? least : Math.min(least, scores[i]);
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = taken[i] ? least : scores[i];
        }

        assertThat(assigned(new AuctionAssignment(rows, experts), rows, broken))
                .isEqualTo(assigned(new AuctionAssignment(rows, experts), rows, scores));
    }

    @Test
    void batchesWithoutAnyPreferenceAreDealtEvenly() {
        var auction = new AuctionAssignment(12, 4);
        for (float same : new float[] {0, -3, Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
            var scores = new float[48];
            Arrays.fill(scores, same);

            Assignments.requireBalanced(assigned(auction, 12, scores), 4);
        }
    }

    @Test
    void theWidestRangeThatFloatsHaveIsNoProblem() {
        float[] scores = {Float.MAX_VALUE, -Float.MAX_VALUE, 0, Float.MIN_VALUE, -Float.MAX_VALUE, Float.MAX_VALUE, 1, 0
        };

        int[] experts = assigned(new AuctionAssignment(4, 2), 4, scores);

        Assignments.requireBalanced(experts, 2);
        assertThat(experts[0]).isEqualTo(0);
        assertThat(experts[2]).isEqualTo(1); // what the others lose is less than eps
    }

    @Test
    void oneExpertTakesAllAndAsManyExpertsAsRowsTakeOneEach() {
        assertThat(assigned(new AuctionAssignment(3, 1), 3, new float[] {1, -2, 3}))
                .containsOnly(0);
        assertThat(assigned(new AuctionAssignment(3, 3), 3, new float[] {3, 2, 0, 9, 1, 1, 9, 8, 0}))
                .containsExactly(2, 0, 1);
    }

    @RandomSeeds
    void aSecondBatchIsAssignedAsByANewAuction(long seed) {
        var auction = new AuctionAssignment(64, 8);
        float[] scores = RandomScores.CORRELATED.draw(64, 8, seed);
        float[] before = scores.clone();
        assigned(auction, 64, RandomScores.ONE_FAVOURITE.draw(64, 8, seed));

        assertThat(assigned(auction, 64, scores)).isEqualTo(assigned(new AuctionAssignment(64, 8), 64, scores));
        assertThat(scores).isEqualTo(before);
    }

    @Test
    void assigningAllocatesNothing() {
        float[] scores = RandomScores.CORRELATED.draw(64, 8, 1);
        var experts = new int[64];
        var auction = new AuctionAssignment(64, 8);
        auction.assign(scores, experts);
        long before = Assignments.allocatedBytes();

        for (int i = 0; i < 1000; i++) {
            auction.assign(scores, experts);
        }

        assertThat(Assignments.allocatedBytes() - before).isLessThan(4000); // less than any object for each batch
    }

    @Test
    void easyBatchesTakeOnePassForEachEpsilon() {
        var auction = new AuctionAssignment(8, 8);
        var scores = new float[64];
        for (int row = 0; row < 8; row++) {
            scores[row * 8 + row] = 1; // every row has an expert for itself
        }

        assertThat(assigned(auction, 8, scores)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(auction.bids()).isEqualTo(8L * auction.rounds());
    }

    @Test
    void sizesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new AuctionAssignment(10, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "10 rows for 4 experts; there must be at least 1 of each, and as many rows for every expert");
        assertThatThrownBy(() -> new AuctionAssignment(0, 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new AuctionAssignment(4, 0)).isInstanceOf(IllegalArgumentException.class);
        var auction = new AuctionAssignment(4, 2);
        assertThatThrownBy(() -> auction.assign(new float[7], new int[4]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("7 scores for 4 rows and 2 experts");
        assertThatThrownBy(() -> auction.assign(new float[8], new int[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("room for the experts of 3 rows, there are 4");
    }

    private static int[] assigned(AuctionAssignment auction, int rows, float[] scores) {
        var experts = new int[rows];
        auction.assign(scores, experts);
        return experts;
    }

    /** What the auction's prices prove the largest sum to be at most: sum_r max_e (s_re - p_e) + R/E sum_e p_e. */
    private static double dual(float[] scores, int rows, int experts, AuctionAssignment auction) {
        double sum = 0;
        for (int e = 0; e < experts; e++) {
            sum += (double) rows / experts * auction.price(e);
        }
        for (int row = 0; row < rows; row++) {
            double best = Double.NEGATIVE_INFINITY;
            for (int e = 0; e < experts; e++) {
                best = Math.max(best, scores[row * experts + e] - auction.price(e));
            }
            sum += best;
        }
        return sum;
    }

    /** The widest range of the scores of one row. */
    private static double range(float[] scores, int rows) {
        int experts = scores.length / rows;
        double widest = 0;
        for (int row = 0; row < rows; row++) {
            float[] ofRow = Arrays.copyOfRange(scores, row * experts, (row + 1) * experts);
            Arrays.sort(ofRow);
            widest = Math.max(widest, (double) ofRow[experts - 1] - ofRow[0]);
        }
        return widest;
    }
}
