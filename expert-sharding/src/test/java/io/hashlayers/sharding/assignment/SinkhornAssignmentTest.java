package io.hashlayers.sharding.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SinkhornAssignmentTest {
    private static final int R = 60;
    private static final int E = 6;

    @RandomSeeds
    void columnsOfThePlanSumUpToTheSeatsAndRowsToOne(long seed) {
        for (RandomScores kind : RandomScores.values()) {
            var sinkhorn = new SinkhornAssignment(R, E, 500, 0.1);

            assigned(sinkhorn, kind.draw(R, E, seed));

            for (int e = 0; e < E; e++) {
                int expert = e;
                double sum = IntStream.range(0, R)
                        .mapToDouble(row -> sinkhorn.planned(row, expert))
                        .sum();
                assertThat(sum).as("%s, expert %d", kind, e).isCloseTo((double) R / E, within(1e-9));
            }
            for (int row = 0; row < R; row++) {
                int ofRow = row;
                double sum = IntStream.range(0, E)
                        .mapToDouble(e -> sinkhorn.planned(ofRow, e))
                        .sum();
                assertThat(sum).as("%s, row %d", kind, row).isCloseTo(1, within(1e-3));
            }
        }
    }

    /** What makes a plan with these sums the one that is sought: {@code log P_re - s_re / t} is a term of r plus one of e. */
    @RandomSeeds
    void thePlanHasTheFormOfTheOptimum(long seed) {
        float[] scores = RandomScores.INDEPENDENT.draw(R, E, seed);
        double widest = IntStream.range(0, R)
                .mapToDouble(row -> {
                    var ofRow = IntStream.range(0, E)
                            .mapToDouble(e -> scores[row * E + e])
                            .summaryStatistics();
                    return ofRow.getMax() - ofRow.getMin();
                })
                .max()
                .orElseThrow();
        var sinkhorn = new SinkhornAssignment(R, E, 20, 0.2);

        assigned(sinkhorn, scores);

        for (int row = 1; row < R; row++) {
            for (int e = 1; e < E; e++) {
                double mixed = Math.log(sinkhorn.planned(row, e) * sinkhorn.planned(0, 0))
                        - Math.log(sinkhorn.planned(row, 0) * sinkhorn.planned(0, e));
                double ofScores = (double) scores[row * E + e] + scores[0] - scores[row * E] - scores[e];
                assertThat(mixed).isCloseTo(ofScores / (0.2 * widest), within(1e-5));
            }
        }
    }

    @RandomSeeds(40)
    void everyExpertGetsItsShareAndTheSumLiesBetweenThatOfARandomAndTheBestAssignment(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 6);
        int rows = experts * random.nextInt(1, 5);
        for (RandomScores kind : RandomScores.values()) {
            float[] scores = kind.draw(rows, experts, seed);

            int[] assigned = assigned(new SinkhornAssignment(rows, experts, 100, 0.05), rows, scores);

            Assignments.requireBalanced(assigned, experts);
            double sum = Assignments.sum(scores, assigned);
            double best = Assignments.largestSum(scores, rows, experts);
            double mean = IntStream.range(0, 200)
                    .mapToDouble(i -> Assignments.sum(scores, Assignments.random(rows, experts, seed + i)))
                    .average()
                    .orElseThrow();
            double rounding = 1e-6 * rows * 1000;
            assertThat(sum).as("%s", kind).isBetween(mean - rounding, best + rounding);
        }
    }

    @RandomSeeds
    void atALowTemperatureItIsNearTheAuction(long seed) {
        float[] scores = RandomScores.INDEPENDENT.draw(R, E, seed);

        double sinkhorn = Assignments.sum(scores, assigned(new SinkhornAssignment(R, E, 300, 0.02), scores));

        var auction = new AuctionAssignment(R, E);
        double best = Assignments.sum(scores, assigned(auction, scores));
        assertThat(sinkhorn).isBetween(0.93 * best, best + R * auction.epsilon());
    }

    /** The rule of rounding in its plainest form: sort all entries. */
    @RandomSeeds
    void roundingTakesEntriesFromTheLargestToTheSmallest(long seed) {
        var sinkhorn = new SinkhornAssignment(R, E, 3, 0.3);

        int[] assigned = assigned(sinkhorn, RandomScores.INDEPENDENT.draw(R, E, seed));

        int[] expected = new int[R];
        Arrays.fill(expected, -1);
        var sizes = new int[E];
        IntStream.range(0, R * E)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -sinkhorn.planned(i / E, i % E)))
                .forEach(i -> {
                    if (expected[i / E] < 0 && sizes[i % E] < R / E) {
                        expected[i / E] = i % E;
                        sizes[i % E]++;
                    }
                });
        assertThat(assigned).isEqualTo(expected);
    }

    @Test
    void theLowestTemperatureOverflowsNowhere() {
        float[] scores = new float[R * E];
        for (int i = 0; i < scores.length; i++) { // all want expert 0
            scores[i] = i % E == 0 ? Float.MAX_VALUE : i % 7 == 0 ? Float.NaN : -i;
        }
        var sinkhorn = new SinkhornAssignment(R, E, 1000, 0.005);

        Assignments.requireBalanced(assigned(sinkhorn, scores), E);

        assertThat(IntStream.range(0, R * E).mapToDouble(i -> sinkhorn.planned(i / E, i % E)))
                .allMatch(part -> part >= 0 && part <= R);
    }

    @Test
    void assigningAllocatesNothing() {
        float[] scores = RandomScores.CORRELATED.draw(R, E, 1);
        var experts = new int[R];
        var sinkhorn = new SinkhornAssignment(R, E, 5, 0.1);
        sinkhorn.assign(scores, experts);
        long before = Assignments.allocatedBytes();

        for (int i = 0; i < 1000; i++) {
            sinkhorn.assign(scores, experts);
        }

        assertThat(Assignments.allocatedBytes() - before).isLessThan(4000); // less than any object for each batch
    }

    @RandomSeeds
    void aSecondBatchIsAssignedAsByANewOne(long seed) {
        var sinkhorn = new SinkhornAssignment(R, E, 10, 0.1);
        float[] scores = RandomScores.CORRELATED.draw(R, E, seed);
        assigned(sinkhorn, RandomScores.ONE_FAVOURITE.draw(R, E, seed));

        assertThat(assigned(sinkhorn, scores)).isEqualTo(assigned(new SinkhornAssignment(R, E, 10, 0.1), scores));
        assertThat(sinkhorn.rounds()).isPositive();
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new SinkhornAssignment(10, 4, 1, 0.1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SinkhornAssignment(8, 4, 0, 0.1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0 iterations at temperature 0.1; there must be at least 1, at 0.005 or more");
        for (double temperature : new double[] {0, 0.004, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new SinkhornAssignment(8, 4, 1, temperature))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        var sinkhorn = new SinkhornAssignment(4, 2, 1, 0.1);
        assertThatThrownBy(() -> sinkhorn.assign(new float[7], new int[4]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sinkhorn.assign(new float[8], new int[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("room for the experts of 3 rows, there are 4");
    }

    private static int[] assigned(BalancedAssignment assignment, float[] scores) {
        return assigned(assignment, R, scores);
    }

    private static int[] assigned(BalancedAssignment assignment, int rows, float[] scores) {
        var experts = new int[rows];
        assignment.assign(scores, experts);
        return experts;
    }
}
