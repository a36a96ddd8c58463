package io.hashlayers.sharding.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpertPlacementTest {
    @Test
    void heavyExpertsAreKeptApart() {
        // 7 and 6 first, then 5 and 4 fill up, then 3 goes to the 10 of rank 1: rank 0 7 + 4, rank 1 6 + 5, tie -> rank
        // 0
        var placement = ExpertPlacement.byLoad(new long[] {3, 4, 5, 6, 7}, 2);

        assertThat(placement.expertsOf(0)).containsExactly(0, 1, 4);
        assertThat(placement.expertsOf(1)).containsExactly(2, 3);
    }

    @Test
    void amongEqualLoadsTheRankWithFewerExpertsGetsTheNext() {
        // before the last expert both ranks have 6, rank 0 as 4 + 1 + 1 and rank 1 as 3 + 3
        var placement = ExpertPlacement.byLoad(new long[] {4, 3, 3, 1, 1, 1}, 2);

        assertThat(placement.expertsOf(0)).containsExactly(0, 3, 4);
        assertThat(placement.expertsOf(1)).containsExactly(1, 2, 5);
    }

    @Test
    void expertsWithoutLoadEvenOutTheNumberOfExperts() {
        var placement = ExpertPlacement.byLoad(new long[] {9, 1, 1, 1, 0, 0, 0, 0}, 2);

        assertThat(placement.expertsOf(0)).containsExactly(0, 4, 5, 6);
        assertThat(placement.expertsOf(1)).containsExactly(1, 2, 3, 7);
    }

    @Test
    void roundRobinDealsExpertsOutInTurn() {
        var placement = ExpertPlacement.roundRobin(5, 2);

        assertThat(placement.expertsOf(0)).containsExactly(0, 2, 4);
        assertThat(placement.expertsOf(1)).containsExactly(1, 3);
    }

    @RandomSeeds(100)
    void noRankExceedsGrahamsBound(long seed) {
        long[] loads = loads(seed);
        int worldSize = new SplittableRandom(seed).nextInt(1, 12);

        long[] rankLoads = ExpertPlacement.byLoad(loads, worldSize).rankLoads(loads);

        double bound = Arrays.stream(loads).sum() / (double) worldSize
                + (1 - 1.0 / worldSize) * Arrays.stream(loads).max().orElseThrow();
        assertThat((double) Arrays.stream(rankLoads).max().orElseThrow()).isLessThanOrEqualTo(bound * (1 + 1e-12));
        assertThat(Arrays.stream(rankLoads).sum())
                .isEqualTo(Arrays.stream(loads).sum());
    }

    @RandomSeeds
    void noRankExceedsFourThirdsOfTheBestPlacement(long seed) {
        var random = new SplittableRandom(seed);
        int worldSize = random.nextInt(1, 4);
        long[] loads = random.longs(random.nextInt(1, 9), 0, 30).toArray();

        long fullest = Arrays.stream(ExpertPlacement.byLoad(loads, worldSize).rankLoads(loads))
                .max()
                .orElseThrow();

        double best = bestOfAllPlacements(loads, 0, new long[worldSize]);
        assertThat((double) fullest).isLessThanOrEqualTo((4 - 1.0 / worldSize) / 3 * best + 1e-9);
    }

    @RandomSeeds
    void everyExpertHasOnePlaceAndIsFoundThere(long seed) {
        long[] loads = loads(seed);
        int worldSize = new SplittableRandom(seed).nextInt(1, 40); // often more ranks than experts

        var placement = ExpertPlacement.byLoad(loads, worldSize);

        var all = IntStream.range(0, worldSize).flatMap(rank -> Arrays.stream(placement.expertsOf(rank)));
        assertThat(all).hasSize(loads.length).doesNotHaveDuplicates();
        for (int expert = 0; expert < loads.length; expert++) {
            int[] there = placement.expertsOf(placement.rankOf(expert));
            assertThat(there[placement.localIndex(expert)]).isEqualTo(expert);
            assertThat(there).isSorted();
        }
    }

    @RandomSeeds
    void equalLoadsGiveEvenNumbersOfExperts(long seed) {
        var random = new SplittableRandom(seed);
        long[] loads = new long[random.nextInt(1, 60)];
        Arrays.fill(loads, random.nextInt(2)); // all 0 or all 1
        int worldSize = random.nextInt(1, 20);

        var placement = ExpertPlacement.byLoad(loads, worldSize);

        var sizes = IntStream.range(0, worldSize)
                .map(rank -> placement.expertsOf(rank).length)
                .summaryStatistics();
        assertThat(sizes.getMax() - sizes.getMin()).isLessThanOrEqualTo(1);
    }

    @RandomSeeds
    void theUnitOfTheLoadsDoesNotMatter(long seed) {
        long[] loads = loads(seed);
        long[] thousands = Arrays.stream(loads).map(load -> 1000 * load).toArray();

        assertThat(ExpertPlacement.byLoad(thousands, 5)).isEqualTo(ExpertPlacement.byLoad(loads, 5));
    }

    @Test
    void moreRanksThanExpertsLeaveRanksWithoutAny() {
        var placement = ExpertPlacement.byLoad(new long[] {1, 5}, 4);

        assertThat(placement.rankOf(1)).isEqualTo(0);
        assertThat(placement.rankOf(0)).isEqualTo(1);
        assertThat(placement.expertsOf(3)).isEmpty();
        assertThat(placement.rankLoads(new long[] {1, 5})).containsExactly(5, 1, 0, 0);
    }

    @RandomSeeds
    void theUnitsOfAnExpertLieWhereItDoes(long seed) {
        long[] loads = loads(seed);
        int n = new SplittableRandom(seed).nextInt(1, 6);
        var placement = ExpertPlacement.byLoad(loads, 5);

        var units = placement.ofUnits(n);

        assertThat(units.numExperts()).isEqualTo(n * loads.length);
        assertThat(units.worldSize()).isEqualTo(5);
        for (int expert = 0; expert < loads.length; expert++) {
            for (int m = 0; m < n; m++) {
                assertThat(units.rankOf(expert * n + m)).isEqualTo(placement.rankOf(expert));
                assertThat(units.localIndex(expert * n + m)).isEqualTo(placement.localIndex(expert) * n + m);
            }
        }
        assertThat(placement.ofUnits(1)).isEqualTo(placement);
    }

    @Test
    void equalPlacementsAreEqualWithEqualDigests() {
        var placement = ExpertPlacement.byLoad(new long[] {2, 2, 2, 2}, 2);
        var same = ExpertPlacement.roundRobin(4, 2);

        assertThat(placement).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(placement.digest()).isEqualTo(same.digest());
    }

    @Test
    void everyRankAndTheirNumberEnterEqualityAndDigest() {
        var placement = ExpertPlacement.roundRobin(4, 2);

        for (var other : new ExpertPlacement[] {
            ExpertPlacement.byLoad(new long[] {9, 1, 1, 1}, 2),
            ExpertPlacement.roundRobin(4, 3),
            ExpertPlacement.roundRobin(5, 2)
        }) {
            assertThat(placement).isNotEqualTo(other);
            assertThat(placement.digest()).isNotEqualTo(other.digest());
        }
        assertThat(ExpertPlacement.roundRobin(2, 2)).isNotEqualTo(ExpertPlacement.roundRobin(2, 3));
    }

    @Test
    void travelsInASparkClosure() throws IOException, ClassNotFoundException {
        var placement = ExpertPlacement.byLoad(new long[] {9, 1, 1, 1}, 3);
        var bytes = new ByteArrayOutputStream();

        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(placement);
        }

        try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(placement);
        }
    }

    @Test
    void badSizesAndLoadsAreRefusedWithTheirValues() {
        assertThatThrownBy(() -> ExpertPlacement.byLoad(new long[0], 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertPlacement.roundRobin(3, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 experts on 0 ranks; there must be at least 1 of each");
        assertThatThrownBy(() -> ExpertPlacement.byLoad(new long[] {1, -2}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("load of expert 1 is negative: -2");
        assertThatThrownBy(() -> ExpertPlacement.roundRobin(3, 2).rankLoads(new long[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 loads for 3 experts; there must be one for each");
        assertThatThrownBy(() -> ExpertPlacement.roundRobin(3, 2).ofUnits(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0 units of each expert; there must be at least 1");
    }

    private static long[] loads(long seed) {
        var random = new SplittableRandom(seed);
        return random.longs(random.nextInt(1, 80), 0, 1 + random.nextInt(1000)).toArray();
    }

    /** The smallest possible load of the fullest rank, by trying every placement of the experts from {@code next} on. */
    private static long bestOfAllPlacements(long[] loads, int next, long[] rankLoads) {
        if (next == loads.length) {
            return Arrays.stream(rankLoads).max().orElseThrow();
        }
        long best = Long.MAX_VALUE;
        for (int rank = 0; rank < rankLoads.length; rank++) {
            rankLoads[rank] += loads[next];
            best = Math.min(best, bestOfAllPlacements(loads, next + 1, rankLoads));
            rankLoads[rank] -= loads[next];
        }
        return best;
    }
}
