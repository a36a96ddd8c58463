package io.hashlayers.sharding.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BalanceReportTest {
    private static final double EXACT = 1e-12; // quotients of small integers

    @Test
    void aSmallTextCanBeCheckedByHand() {
        long[] counts = {60, 20, 10, 10};
        var table = ExpertTable.of(4, 1, new int[] {0, 1, 1, 3}); // loads 60, 30, 0, 10; mean 25
        var placement = ExpertPlacement.roundRobin(4, 2); // loads 60, 40; mean 50

        var report = BalanceReport.of(table, counts, placement);

        assertThat(report.expertLoads()).containsExactly(60L, 30L, 0L, 10L);
        assertThat(report.expertShare(1)).isCloseTo(0.3, within(EXACT));
        assertThat(report.rankShare(0)).isCloseTo(0.6, within(EXACT));
        assertThat(report.maxVio()).isCloseTo(1.4, within(EXACT));
        assertThat(report.maxVioBound()).isCloseTo(1.4, within(EXACT));
        assertThat(report.deadExperts()).containsExactly(2);
        assertThat(report.expertsOnRank()).containsExactly(2, 2);
        assertThat(report.rankImbalance()).isCloseTo(1.2, within(EXACT));
        assertThat(report.slowDown(0.5)).isCloseTo(1.1, within(EXACT));
    }

    @Test
    void aTokenCountsOnceForEachOfItsExperts() {
        long[] counts = {60, 20, 20};
        var table = ExpertTable.of(4, 2, new int[] {0, 1, 2, 3, 2, 3}); // loads 60, 60, 40, 40; mean 50

        var report = BalanceReport.of(table, counts, ExpertPlacement.roundRobin(4, 1));

        assertThat(report.rows()).isEqualTo(200);
        assertThat(report.maxVio()).isCloseTo(0.2, within(EXACT));
        assertThat(report.maxVioBound()).isCloseTo(0.2, within(EXACT)); // 60 of 100 is more than k/E = 1/2
        assertThat(report.rankImbalance()).isCloseTo(1, within(EXACT));
    }

    @Test
    void theBoundOfATextWithoutAFrequentTokenIsZero() {
        long[] counts = {1, 1, 1, 1};

        var report = BalanceReport.of(ExpertTable.modulo(4, 2, 1), counts, ExpertPlacement.roundRobin(2, 2));

        assertThat(report.maxVioBound()).isZero();
        assertThat(report.maxVio()).isZero();
    }

    @Test
    void idealZipfGivesItsFirstTokenATenthOfTheText() {
        long[] counts = zipf(8008);

        var report = BalanceReport.of(ExpertTable.balanced(counts, 64, 1), counts, ExpertPlacement.roundRobin(64, 1));

        assertThat(report.expertShare(0)).isCloseTo(0.105, within(5e-4)); // FACTS: 10.5 % at 8,008 types
        assertThat(report.maxVio()).isEqualTo(report.maxVioBound()); // greedy gives it an expert of its own
    }

    @RandomSeeds(50)
    void noTableGoesBelowTheBound(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 9);
        int k = random.nextInt(1, numExperts + 1);
        long[] counts = random.longs(random.nextInt(1, 30), 0, 50).toArray();
        counts[0] = random.nextInt(1, 500);
        var placement = ExpertPlacement.roundRobin(numExperts, random.nextInt(1, 12));

        for (var table : new ExpertTable[] {
            ExpertTable.balanced(counts, numExperts, k),
            ExpertTable.random(counts.length, numExperts, k, seed),
            ExpertTable.modulo(counts.length, numExperts, k)
        }) {
            var report = BalanceReport.of(table, counts, placement);

            assertThat(report.maxVio()).isGreaterThanOrEqualTo(report.maxVioBound() - EXACT);
            assertThat(report.rankImbalance()).isGreaterThanOrEqualTo(1 - EXACT);
            assertThat(IntStream.range(0, numExperts)
                            .mapToDouble(report::expertShare)
                            .sum())
                    .isCloseTo(1, within(EXACT));
            assertThat(report.rankLoads().stream().mapToLong(Long::longValue).sum())
                    .isEqualTo(k * Arrays.stream(counts).sum());
        }
    }

    @Test
    void aHashIsReportedByItsUnits() {
        long[][] counts = {{60, 20, 20}, {50, 40, 10}};
        var first = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(2, 1, new int[] {0, 1, 1}));
        var second = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(2, 1, new int[] {1, 1, 0}));
        var placement = ExpertPlacement.roundRobin(2, 2);

        var report = BalanceReport.of(new MultiHash(List.of(first, second)), counts, placement.ofUnits(2));

        assertThat(report.expertLoads()).containsExactly(60L, 10L, 40L, 90L); // mean 50
        assertThat(report.maxVio()).isCloseTo(0.8, within(EXACT));
        assertThat(report.maxVioBound()).isCloseTo(0.2, within(EXACT)); // 60 for some segment
        assertThat(report.rankLoads()).containsExactly(70L, 130L);
        assertThat(BalanceReport.of(first, new long[][] {counts[0]}, placement))
                .isEqualTo(BalanceReport.of(first.table(), counts[0], placement));
        assertThatThrownBy(() -> BalanceReport.of(
                        new MultiHash(List.of(first, second)),
                        new long[][] {{1, 0, 0}, {1, 1, 0}},
                        placement.ofUnits(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the parts of the hash counted different texts, of [1, 2] tokens");
    }

    @Test
    void anEmptyTextAndForeignSizesAreRefused() {
        var table = ExpertTable.modulo(4, 2, 1);
        var placement = ExpertPlacement.roundRobin(2, 2);

        assertThatThrownBy(() -> BalanceReport.of(table, new long[4], placement))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("no token was counted");
        assertThatThrownBy(() -> BalanceReport.of(table, new long[3], placement))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BalanceReport.of(table, new long[] {1, 1, 1, 1}, ExpertPlacement.roundRobin(3, 2)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    static long[] zipf(int types) {
        return IntStream.rangeClosed(1, types)
                .mapToLong(rank -> 10_000_000L / rank)
                .toArray();
    }
}
