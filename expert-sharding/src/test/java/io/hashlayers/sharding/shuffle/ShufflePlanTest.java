package io.hashlayers.sharding.shuffle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShufflePlanTest {
    private static final int SEEDS = 60;

    @Test
    void aSmallBatchCanBeCheckedByHand() {
        var placement = ExpertPlacement.roundRobin(3, 2); // rank 0: experts 0 and 2, rank 1: expert 1
        var plan = new ShufflePlan(placement, 0, 4, 1, 10);

        plan.fill(new int[] {2, 1, 0, 2}, new int[][] {{1, 2}, {3, 1}});

        assertThat(plan.sourceRows()).containsExactly(2, 0, 3, 1); // expert 0 | expert 2 | expert 1
        assertThat(plan.slots()).containsExactly(1, 3, 0, 2);
        assertThat(sends(plan)).containsExactly(0, 3, 3, 1); // start and rows to each rank
        assertThat(plan.receiveStart(0, 0)).isEqualTo(0); // expert 0: one row of mine, then 3 of rank 1
        assertThat(plan.receiveStart(1, 0)).isEqualTo(1);
        assertThat(plan.receiveStart(0, 1)).isEqualTo(4); // expert 2: two of mine, then 1 of rank 1
        assertThat(plan.receiveStart(1, 1)).isEqualTo(6);
        assertThat(plan.expertStart(1)).isEqualTo(4);
        assertThat(plan.expertRows(1)).isEqualTo(3);
        assertThat(plan.receiveRowsTotal()).isEqualTo(7);
    }

    @Test
    void whatGoesNowhereTakesNoSlot() {
        var placement = ExpertPlacement.roundRobin(3, 2); // rank 0: experts 0 and 2, rank 1: expert 1
        var plan = new ShufflePlan(placement, 0, 3, 2, 10);
        plan.fill(new int[] {0, 1, 0, 1, 0, 1}, new int[][] {{3, 0}, {0, 0}});

        plan.fill(new int[] {2, -1, -1, -1, 1, 2}, new int[][] {{0, 2}, {1, 0}});

        assertThat(plan.slots()).containsExactly(0, -1, -1, -1, 2, 1);
        assertThat(plan.sendRowsTotal()).isEqualTo(3);
        assertThat(plan.sourceRows()).startsWith(0, 2, 2); // expert 2 twice | expert 1
        assertThat(sends(plan)).containsExactly(0, 2, 2, 1); // start and rows to each rank
        assertThat(plan.receiveRowsTotal()).isEqualTo(3);
    }

    @RandomSeeds(SEEDS)
    void everyExpertGetsItsRowsInOrder(long seed) {
        var batch = new NaiveShuffle(seed);
        var plans = batch.plans();

        long[][] received = new PlannedExchange(plans).there(namesBySlot(plans));

        for (int expert = 0; expert < batch.placement.numExperts(); expert++) {
            int rank = batch.placement.rankOf(expert);
            int local = batch.placement.localIndex(expert);
            int start = plans.get(rank).expertStart(local);
            long[] input = Arrays.copyOfRange(
                    received[rank], start, start + plans.get(rank).expertRows(local));
            assertThat(input)
                    .as("input of expert %d", expert)
                    .containsExactly(batch.inputs().getOrDefault(expert, List.of()).stream()
                            .mapToLong(item -> name(item.rank(), item.row()))
                            .toArray());
        }
    }

    @RandomSeeds(SEEDS)
    void everyRowReturnsToItsPlaceWithTheMarkOfItsExpert(long seed) {
        var batch = new NaiveShuffle(seed);
        var plans = batch.plans();
        var exchange = new PlannedExchange(plans);

        long[][] received = exchange.there(namesBySlot(plans));
        markByExpert(batch, plans, received);
        long[][] returned = exchange.back(received);

        for (int rank = 0; rank < plans.size(); rank++) {
            for (int i = 0; i < batch.rows * batch.k; i++) {
                int slot = plans.get(rank).slots()[i];
                int expert = batch.experts[rank][i];
                if (expert == ShufflePlan.NOWHERE) {
                    assertThat(slot).isEqualTo(ShufflePlan.NOWHERE);
                } else {
                    assertThat(returned[rank][slot]).isEqualTo(mark(name(rank, i / batch.k), expert));
                }
            }
        }
    }

    @RandomSeeds(SEEDS)
    void whatOneRankSendsTheOtherExpects(long seed) {
        var plans = new NaiveShuffle(seed).plans();

        for (int from = 0; from < plans.size(); from++) {
            for (int to = 0; to < plans.size(); to++) {
                int sender = from;
                var receiver = plans.get(to);
                assertThat(plans.get(from).sendRows(to))
                        .isEqualTo(IntStream.range(0, receiver.localExperts())
                                .map(local -> receiver.receiveRows(sender, local))
                                .sum());
            }
        }
    }

    @RandomSeeds(SEEDS)
    void slotsAreSortedByRankExpertRowAndChoice(long seed) {
        var batch = new NaiveShuffle(seed);
        var plans = batch.plans();

        for (int rank = 0; rank < plans.size(); rank++) {
            int[] experts = batch.experts[rank];
            int[] slots = plans.get(rank).slots();
            var sorted = IntStream.range(0, experts.length)
                    .filter(i -> experts[i] != ShufflePlan.NOWHERE)
                    .boxed()
                    .sorted(Comparator.<Integer>comparingInt(i -> batch.placement.rankOf(experts[i]))
                            .thenComparing(i -> experts[i])
                            .thenComparing(Comparator.naturalOrder()))
                    .toList();

            assertThat(plans.get(rank).sendRowsTotal()).isEqualTo(sorted.size());
            for (int slot = 0; slot < sorted.size(); slot++) {
                assertThat(slots[sorted.get(slot)]).isEqualTo(slot);
                assertThat(plans.get(rank).sourceRows()[slot]).isEqualTo(sorted.get(slot) / batch.k);
            }
        }
    }

    @RandomSeeds(SEEDS)
    void runsAndSegmentsFollowEachOtherWithoutGaps(long seed) {
        for (var plan : new NaiveShuffle(seed).plans()) {
            int slot = 0;
            for (int peer = 0; peer < plan.worldSize(); peer++) {
                assertThat(plan.sendStart(peer)).isEqualTo(slot);
                slot += plan.sendRows(peer);
            }
            int row = 0;
            for (int local = 0; local < plan.localExperts(); local++) {
                assertThat(plan.expertStart(local)).isEqualTo(row);
                for (int peer = 0; peer < plan.worldSize(); peer++) {
                    assertThat(plan.receiveStart(peer, local)).isEqualTo(row);
                    row += plan.receiveRows(peer, local);
                }
                assertThat(plan.expertStart(local) + plan.expertRows(local)).isEqualTo(row);
            }
            assertThat(plan.sendRowsTotal()).isEqualTo(slot);
            assertThat(plan.receiveRowsTotal()).isEqualTo(row);
        }
    }

    @RandomSeeds
    void aRefilledPlanEqualsAFreshOne(long seed) {
        var first = new NaiveShuffle(seed);
        var second = first.next(seed + 1);

        for (int rank = 0; rank < first.placement.worldSize(); rank++) {
            var refilled = first.plans().get(rank);
            refilled.fill(second.experts[rank], second.receiveCounts(rank));

            assertThat(contents(refilled)).isEqualTo(contents(second.plans().get(rank)));
        }
    }

    @Test
    void refillingAllocatesNothing() {
        var batch = new NaiveShuffle(5);
        var plan = batch.emptyPlan(0);
        int[][] counts = batch.receiveCounts(0);
        plan.fill(batch.experts[0], counts);
        long before = allocatedBytes();

        for (int i = 0; i < 1000; i++) {
            plan.fill(batch.experts[0], counts);
        }

        assertThat(allocatedBytes() - before).isLessThan(1000); // less than one byte a fill
    }

    @Test
    void oneRankWithOneExpertMovesNothing() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(1, 1), 0, 3, 1, 3);

        plan.fill(new int[3], new int[][] {{3}});

        assertThat(plan.sourceRows()).containsExactly(0, 1, 2);
        assertThat(plan.slots()).containsExactly(0, 1, 2);
    }

    @Test
    void aRankWithoutExpertsOnlySends() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(1, 2), 1, 3, 1, 0);

        plan.fill(new int[3], new int[][] {{}, {}});

        assertThat(sends(plan)).containsExactly(0, 3, 3, 0);
        assertThat(plan.receiveRowsTotal()).isZero();
    }

    @Test
    void trafficOfAnotherBatchIsRefused() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(3, 2), 0, 4, 1, 10);

        assertThatThrownBy(() -> plan.fill(new int[] {2, 1, 0, 2}, new int[][] {{1, 1}, {0, 0}}))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageStartingWith("rank 0 has 2 rows for its expert 2 where the planned traffic says 1");
    }

    @Test
    void moreRowsThanTheCapacityAreRefused() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(1, 2), 0, 1, 1, 10);

        assertThatThrownBy(() -> plan.fill(new int[] {0}, new int[][] {{1}, {10}}))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.BUG))
                .hasMessageStartingWith("rank 0 would receive 11 rows and has room for 10");
        assertThatThrownBy(() -> plan.fill(new int[] {0}, new int[][] {{1}, {Integer.MAX_VALUE}}))
                .hasMessageStartingWith("rank 0 would receive 2147483648 rows"); // no overflow
    }

    @Test
    void aRefusedBatchLeavesThePlanAsItWas() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(2, 2), 0, 2, 1, 4);
        plan.fill(new int[] {1, 0}, new int[][] {{1}, {2}});
        var before = contents(plan);

        for (Runnable refused : List.<Runnable>of(
                () -> plan.fill(new int[] {0, 0}, new int[][] {{1}, {0}}),
                () -> plan.fill(new int[] {0, 0}, new int[][] {{2}, {3}}),
                () -> plan.fill(new int[] {0, 2}, new int[][] {{1}, {0}}),
                () -> plan.fill(new int[] {0, 0}, new int[][] {{2}, {-1}}))) {
            assertThatThrownBy(refused::run).isInstanceOf(RuntimeException.class);
            assertThat(contents(plan)).isEqualTo(before);
        }
    }

    @Test
    void arraysOfAnotherShapeAreRefused() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(2, 2), 0, 2, 1, 4);

        assertRefused(() -> plan.fill(new int[3], new int[][] {{2}, {0}}), "3 experts for 2 rows of 1");
        assertRefused(() -> plan.fill(new int[2], new int[][] {{2}}), "receiveCounts is of 1 ranks, there are 2");
        assertRefused(
                () -> plan.fill(new int[2], new int[][] {{2}, {0, 0}}),
                "receiveCounts of rank 1 is of 2 experts, this rank has 1");
        assertRefused(
                () -> plan.fill(new int[2], new int[][] {{2}, {-1}}), "a receive count of rank 1 is negative: -1");
        assertRefused(
                () -> plan.fill(new int[] {0, 2}, new int[][] {{1}, {0}}),
                "row 1, choice 0 has expert 2, there are experts 0 to 1 and -1 for none");
        assertRefused(
                () -> plan.fill(new int[] {0, -2}, new int[][] {{1}, {0}}), "row 1, choice 0 has expert -2, there are");
    }

    @Test
    void sizesOutOfRangeAreRefused() {
        var placement = ExpertPlacement.roundRobin(4, 2);

        assertRefused(() -> new ShufflePlan(placement, 2, 1, 1, 1), "rank is 2, expected 0 to 1");
        assertRefused(() -> new ShufflePlan(placement, 0, -1, 1, 1), "rows is -1");
        assertRefused(() -> new ShufflePlan(placement, 0, 1, 5, 1), "k is 5, expected 1 to 4");
        assertRefused(() -> new ShufflePlan(placement, 0, 1 << 30, 2, 1), "rows is 1073741824");
        assertRefused(() -> new ShufflePlan(placement, 0, 1, 1, -1), "receiveCapacity is -1");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    private static long[][] namesBySlot(List<ShufflePlan> plans) {
        var sent = new long[plans.size()][];
        for (int rank = 0; rank < plans.size(); rank++) {
            int sender = rank;
            sent[rank] = new long[plans.get(rank).sendRowsTotal()];
            Arrays.setAll(sent[rank], slot -> name(sender, plans.get(sender).sourceRows()[slot]));
        }
        return sent;
    }

    /** What an expert does to its rows: it leaves its number on them. */
    private static void markByExpert(NaiveShuffle batch, List<ShufflePlan> plans, long[][] received) {
        for (int expert = 0; expert < batch.placement.numExperts(); expert++) {
            int rank = batch.placement.rankOf(expert);
            int local = batch.placement.localIndex(expert);
            int start = plans.get(rank).expertStart(local);
            for (int row = start; row < start + plans.get(rank).expertRows(local); row++) {
                received[rank][row] = mark(received[rank][row], expert);
            }
        }
    }

    private static long name(int rank, int row) {
        return rank * 1000L + row;
    }

    private static long mark(long name, int expert) {
        return name * 100 + expert;
    }

    private static List<Integer> sends(ShufflePlan plan) {
        return IntStream.range(0, plan.worldSize())
                .flatMap(peer -> IntStream.of(plan.sendStart(peer), plan.sendRows(peer)))
                .boxed()
                .toList();
    }

    private static List<Integer> contents(ShufflePlan plan) {
        var contents = new ArrayList<>(sends(plan));
        IntStream.of(plan.sourceRows()).limit(plan.sendRowsTotal()).forEach(contents::add);
        IntStream.of(plan.slots()).forEach(contents::add);
        for (int local = 0; local < plan.localExperts(); local++) {
            contents.add(plan.expertStart(local));
            contents.add(plan.expertRows(local));
            for (int peer = 0; peer < plan.worldSize(); peer++) {
                contents.add(plan.receiveStart(peer, local));
                contents.add(plan.receiveRows(peer, local));
            }
        }
        return contents;
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
