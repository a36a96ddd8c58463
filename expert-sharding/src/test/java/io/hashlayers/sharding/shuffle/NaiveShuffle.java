package io.hashlayers.sharding.shuffle;

import io.hashlayers.sharding.placement.ExpertPlacement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A random batch on all ranks, and the slow, obvious way to say which rows each expert gets: hash maps of lists. */
final class NaiveShuffle {
    /** A row for one of its experts. */
    record Item(int rank, int row, int choice) {}

    final ExpertPlacement placement;
    final int rows;
    final int k;
    final int[][] experts; // [W][R * k]

    NaiveShuffle(long seed) {
        this(randomPlacement(seed), new SplittableRandom(seed));
    }

    private NaiveShuffle(ExpertPlacement placement, SplittableRandom random) {
        this(placement, random.nextInt(30), random.nextInt(1, placement.numExperts() + 1), random);
    }

    private NaiveShuffle(ExpertPlacement placement, int rows, int k, SplittableRandom random) {
        this.placement = placement;
        this.rows = rows;
        this.k = k;
        int favourite = random.nextInt(placement.numExperts()); // so that some experts get much and some nothing
        int dropped = random.nextInt(2) * random.nextInt(101); // percent; often nothing, as with a hash
        this.experts = IntStream.range(0, placement.worldSize())
                .mapToObj(rank -> random.ints((long) rows * k, 0, placement.numExperts())
                        .map(expert -> random.nextInt(3) == 0 ? favourite : expert)
                        .map(expert -> random.nextInt(100) < dropped ? ShufflePlan.NOWHERE : expert)
                        .toArray())
                .toArray(int[][]::new);
    }

    /** The next batch: other rows in the same sizes. */
    NaiveShuffle next(long seed) {
        return new NaiveShuffle(placement, rows, k, new SplittableRandom(seed));
    }

    /** What each expert gets, and what goes nowhere, senders in turn, each in the order of its rows and choices. */
    Map<Integer, List<Item>> inputs() {
        var inputs = new HashMap<Integer, List<Item>>();
        for (int rank = 0; rank < experts.length; rank++) {
            for (int i = 0; i < rows * k; i++) {
                inputs.computeIfAbsent(experts[rank][i], expert -> new ArrayList<>())
                        .add(new Item(rank, i / k, i % k));
            }
        }
        return inputs;
    }

    int[][] receiveCounts(int rank) {
        var inputs = inputs();
        return IntStream.range(0, placement.worldSize())
                .mapToObj(peer -> IntStream.of(placement.expertsOf(rank))
                        .map(expert -> (int) inputs.getOrDefault(expert, List.of()).stream()
                                .filter(item -> item.rank() == peer)
                                .count())
                        .toArray())
                .toArray(int[][]::new);
    }

    /** An empty plan of a rank, with room for any batch. */
    ShufflePlan emptyPlan(int rank) {
        return new ShufflePlan(placement, rank, rows, k, placement.worldSize() * rows * k);
    }

    List<ShufflePlan> plans() {
        return IntStream.range(0, placement.worldSize())
                .mapToObj(rank -> {
                    var plan = emptyPlan(rank);
                    plan.fill(experts[rank], receiveCounts(rank));
                    return plan;
                })
                .toList();
    }

    private static ExpertPlacement randomPlacement(long seed) {
        var random = new SplittableRandom(~seed);
        long[] loads = random.longs(random.nextInt(1, 12), 0, 20).toArray();
        return ExpertPlacement.byLoad(loads, random.nextInt(1, 8)); // often ranks without experts
    }
}
