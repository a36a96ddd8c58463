package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CompletedTableTest {
    @Test
    void theOthersAreDealtOutOnTopOfTheFirst() {
        int[] seen = {-1, 1, -1, 1, -1, -1};
        long[] counts = {4, 6, 3, 0, 0, 0};

        // load (0, 6): value 0 -> expert 0, value 2 -> expert 0; never counted, by values (2, 2): 4 -> expert 0, 5 -> 1
        assertThat(ExpertTable.completed(seen, counts, 2, 1).toTid2eid()).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(seen).containsExactly(-1, 1, -1, 1, -1, -1);
    }

    @RandomSeeds(100)
    void whatWasSeenStaysAndTheOthersGoWhereAPlainGreedySearchPutsThem(long seed) {
        var random = new SplittableRandom(seed);
        int values = random.nextInt(1, 60);
        int numExperts = random.nextInt(1, 9);
        int k = random.nextInt(1, numExperts + 1);
        long[] counts =
                random.longs(values, -20, 50).map(count -> Math.max(0, count)).toArray();
        int[] seen = ExpertTable.random(values, numExperts, k, seed).toTid2eid();
        for (int value = 0; value < values; value++) {
            if (random.nextInt(3) > 0) {
                Arrays.fill(seen, value * k, (value + 1) * k, -1);
            }
        }

        ExpertTable table = ExpertTable.completed(seen, counts, numExperts, k);

        assertThat(table.toTid2eid()).isEqualTo(plainGreedy(seen, counts, numExperts, k));
    }

    /** Again and again takes the most frequent value that is left, and gives it to the emptiest expert k times. */
    private static int[] plainGreedy(int[] seen, long[] counts, int numExperts, int k) {
        int[] experts = seen.clone();
        long[] loads = new long[numExperts];
        long[] sizes = new long[numExperts];
        for (int i = 0; i < experts.length; i++) {
            if (experts[i] >= 0) {
                loads[experts[i]] += counts[i / k];
                sizes[experts[i]]++;
            }
        }
        for (int value = mostFrequent(experts, counts, k); value >= 0; value = mostFrequent(experts, counts, k)) {
            long[] fullness = (counts[value] > 0 ? loads : sizes).clone();
            for (int choice = 0; choice < k; choice++) {
                int emptiest = 0;
                for (int expert = 1; expert < numExperts; expert++) {
                    emptiest = fullness[expert] < fullness[emptiest] ? expert : emptiest;
                }
                fullness[emptiest] = Long.MAX_VALUE;
                experts[value * k + choice] = emptiest;
                loads[emptiest] += counts[value];
                sizes[emptiest]++;
            }
        }
        return experts;
    }

    private static int mostFrequent(int[] experts, long[] counts, int k) {
        int most = -1;
        for (int value = 0; value < counts.length; value++) {
            if (experts[value * k] < 0 && (most < 0 || counts[value] > counts[most])) {
                most = value;
            }
        }
        return most;
    }

    @RandomSeeds
    void withNothingSeenItIsTheBalancedTable(long seed) {
        var random = new SplittableRandom(seed);
        long[] counts = random.longs(40, 0, 30).toArray();
        int[] nothing = new int[80];
        Arrays.fill(nothing, -1);

        assertThat(ExpertTable.completed(nothing, counts, 5, 2)).isEqualTo(ExpertTable.balanced(counts, 5, 2));
    }

    @Test
    void whatIsNoBeginningOfATableIsRefused() {
        assertRefused(new int[] {0, 1}, new long[] {1}, 2, 1, "2 entries are not 1 experts for each of 1 values");
        assertRefused(new int[] {2}, new long[] {1}, 2, 1, "value 0 has expert 2 as choice 0 of 1");
        assertRefused(new int[] {0, -1}, new long[] {1}, 2, 2, "value 0 has expert -1 as choice 1 of 2");
        assertRefused(new int[] {-1, 0}, new long[] {1}, 2, 2, "value 0 has expert 0 as choice 1 of 2");
        assertRefused(new int[] {1, 1}, new long[] {1}, 2, 2, "value 0 has expert 1 twice");
        assertRefused(new int[] {-1}, new long[] {-4}, 2, 1, "count of value 0 is negative: -4");
        assertRefused(new int[] {-1}, new long[] {1}, 2, 3, "3 for each value");
    }

    private static void assertRefused(int[] experts, long[] counts, int numExperts, int k, String why) {
        assertThatThrownBy(() -> ExpertTable.completed(experts, counts, numExperts, k))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
