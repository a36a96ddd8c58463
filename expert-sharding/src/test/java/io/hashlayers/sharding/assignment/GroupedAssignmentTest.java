package io.hashlayers.sharding.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupedAssignmentTest {
    private static GroupedAssignment auctions(int groups, int rowsOfGroup, int experts) {
        return new GroupedAssignment(new AuctionAssignment(rowsOfGroup, experts), groups, rowsOfGroup, experts);
    }

    @RandomSeeds(20)
    void eachGroupHasItsOwnLargestSum(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 6);
        int rows = experts * random.nextInt(1, 5);
        int groups = random.nextInt(1, 5);
        for (RandomScores kind : RandomScores.values()) {
            float[] scores = kind.draw(groups * rows, experts, seed);
            int[] assigned = new int[groups * rows];

            auctions(groups, rows, experts).assign(scores, assigned);

            for (int group = 0; group < groups; group++) {
                float[] own = Arrays.copyOfRange(scores, group * rows * experts, (group + 1) * rows * experts);
                int[] of = Arrays.copyOfRange(assigned, group * rows, (group + 1) * rows);
                Assignments.requireBalanced(of, experts);
                var bound = new AuctionAssignment(rows, experts);
                bound.assign(own, new int[rows]);
                double largest = Assignments.largestSum(own, rows, experts);
                assertThat(Assignments.sum(own, of))
                        .as("%s, group %d", kind, group)
                        .isCloseTo(largest, within(rows * bound.epsilon() + 1e-5 * (1 + Math.abs(largest))));
            }
        }
    }

    /** As ranks do, who share the groups: all in one place, each alone, and in two places. */
    @RandomSeeds(20)
    void whoAssignsAGroupDoesNotMatter(long seed) {
        int experts = 4;
        int rows = 20;
        int groups = 4;
        for (RandomScores kind : RandomScores.values()) {
            float[] scores = kind.draw(groups * rows, experts, seed);
            int[] whole = new int[groups * rows];
            auctions(groups, rows, experts).assign(scores, whole);

            for (int places : new int[] {2, 4}) {
                int own = groups / places;
                var shared = auctions(own, rows, experts);
                int rounds = 0;
                for (int place = 0; place < places; place++) {
                    int first = place * own * rows;
                    int[] assigned = new int[own * rows];
                    shared.assign(
                            Arrays.copyOfRange(scores, first * experts, (first + own * rows) * experts), assigned);
                    rounds += shared.rounds();

                    assertThat(assigned)
                            .as("%s, place %d of %d", kind, place, places)
                            .isEqualTo(Arrays.copyOfRange(whole, first, first + own * rows));
                }
                var all = auctions(groups, rows, experts);
                all.assign(scores, new int[groups * rows]);
                assertThat(rounds).isEqualTo(all.rounds());
            }
        }
    }

    @Test
    void assigningAllocatesNothing() {
        float[] scores = RandomScores.CORRELATED.draw(4 * 24, 6, 1);
        int[] assigned = new int[4 * 24];
        var grouped = auctions(4, 24, 6);
        grouped.assign(scores, assigned);
        long before = Assignments.allocatedBytes();

        for (int i = 0; i < 1000; i++) {
            grouped.assign(scores, assigned);
        }

        assertThat(Assignments.allocatedBytes() - before).isLessThan(4000); // less than any object for each batch
    }

    @Test
    void arraysOfAnotherLengthAreRefused() {
        assertThatThrownBy(() -> auctions(2, 4, 2).assign(new float[8], new int[8]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("8 scores and 8 rows for 2 groups of 8 scores and 4 rows");
        assertThatThrownBy(() -> auctions(0, 4, 2)).isInstanceOf(IllegalArgumentException.class);
    }
}
