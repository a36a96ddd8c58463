package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Balanced tables that differ from layer to layer. */
class SaltedTableTest {
    private static final int E = 16;
    private static final long[] ZIPF =
            IntStream.rangeClosed(1, 8192).mapToLong(rank -> 10_000_000L / rank).toArray();

    @RandomSeeds(100)
    void loadsDifferByTheLargestCountAtMost(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 17);
        int k = random.nextInt(1, numExperts + 1);
        long[] counts = counts(random);

        var loads = Arrays.stream(
                        ExpertTable.balanced(counts, numExperts, k, seed).loads(counts))
                .summaryStatistics();

        assertThat(loads.getMax() - loads.getMin())
                .isLessThanOrEqualTo(Arrays.stream(counts).max().orElseThrow());
    }

    /** The bound of the Javadoc, of both rules: the count of the (E+1)-th value weighs once or twice. */
    @RandomSeeds(100)
    void oneExpertForEachValueIsNearlyEvenBesideTheHeaviestValue(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 17);
        long[] counts = counts(random);
        long[] rising = Arrays.stream(counts).sorted().toArray();
        double most = rising[rising.length - 1];
        double next = rising.length > numExperts ? rising[rising.length - 1 - numExperts] : 0;
        double mean = (double) Arrays.stream(counts).sum() / numExperts;

        assertThat(fullest(ExpertTable.balanced(counts, numExperts, 1), counts))
                .isLessThanOrEqualTo(Math.max(most, mean + (1 - 1.0 / numExperts) * next) * (1 + 1e-12));
        assertThat(fullest(ExpertTable.balanced(counts, numExperts, 1, seed), counts))
                .isLessThanOrEqualTo(Math.max(most, mean + 2 * (1 - 1.0 / numExperts) * next) * (1 + 1e-12));
    }

    @RandomSeeds
    void onZipfCountsItIsAsEvenAsTheGreedyRule(long seed) {
        double greedy = fullest(ExpertTable.balanced(ZIPF, E, 2), ZIPF);

        assertThat(fullest(ExpertTable.balanced(ZIPF, E, 2, seed), ZIPF)).isCloseTo(greedy, within(1e-3 * greedy));
    }

    /** Of the pairs that share an expert in one table, the part that does in the other is that of all pairs: chance. */
    @Test
    void tablesOfTwoSaltsShareExpertsByChance() {
        var first = ExpertTable.balanced(ZIPF, E, 1, 1);
        var second = ExpertTable.balanced(ZIPF, E, 1, 2);

        for (int values : new int[] {ZIPF.length, 512}) { // the head, too
            double all = values * (values - 1) / 2.0;
            double ofFirst = pairs(values, value -> first.expert(value, 0));
            double ofSecond = pairs(values, value -> second.expert(value, 0));
            double ofBoth = pairs(values, value -> first.expert(value, 0) * E + second.expert(value, 0));

            assertThat(ofBoth / ofFirst).as("%d values", values).isCloseTo(ofSecond / all, within(0.1 / E));
        }
    }

    @Test
    void aSaltMeansTheSameTableForEver() {
        assertThat(ExpertTable.balanced(ZIPF, E, 2, 42).digest())
                .isEqualTo("sha256:5eb3e49d44c00c2974682963d270b6065f14551a1afa6c0d3e6033e455ee684f");
        assertThat(ExpertTable.balanced(ZIPF, E, 2, 43)).isNotEqualTo(ExpertTable.balanced(ZIPF, E, 2, 42));
    }

    @RandomSeeds
    void valuesNeverCountedAreSpreadEvenly(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 20);

        int[] experts = ExpertTable.balanced(new long[random.nextInt(1, 300)], numExperts, 1, seed)
                .toTid2eid();

        var sizes = new int[numExperts];
        Arrays.stream(experts).forEach(expert -> sizes[expert]++);
        var range = Arrays.stream(sizes).summaryStatistics();
        assertThat(range.getMax() - range.getMin()).isLessThanOrEqualTo(1);
    }

    @Test
    void sizesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> ExpertTable.balanced(new long[5], 2, 3, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertTable.balanced(new long[] {1, -1}, 2, 1, 1))
                .hasMessage("count of value 1 is negative: -1");
    }

    private static double fullest(ExpertTable table, long[] counts) {
        return Arrays.stream(table.loads(counts)).max().orElseThrow();
    }

    /** Pairs of values in the same group. */
    private static double pairs(int values, IntUnaryOperator group) {
        var sizes = new long[E * E];
        IntStream.range(0, values).map(group).forEach(of -> sizes[of]++);
        return Arrays.stream(sizes).mapToDouble(size -> size * (size - 1) / 2.0).sum();
    }

    private static long[] counts(SplittableRandom random) {
        return random.longs(random.nextInt(1, 300), 0, random.nextInt(1, 200))
                .map(count -> random.nextInt(20) == 0 ? 100 * count : count)
                .toArray();
    }
}
