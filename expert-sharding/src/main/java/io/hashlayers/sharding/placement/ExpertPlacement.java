package io.hashlayers.sharding.placement;

import io.hashlayers.sharding.ContentDigest;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The frozen map from experts to ranks. Each expert is on one rank; a rank may hold any number of experts, also none.
 *
 * <p>Immutable and safe to share between threads.
 */
public final class ExpertPlacement implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[] rankOf; // [E]
    private final int[] localIndex; // [E] place among the experts of its rank
    private final int[][] expertsOf; // [W][], ascending

    private ExpertPlacement(int[] rankOf, int worldSize) {
        this.rankOf = rankOf;
        this.localIndex = new int[rankOf.length];
        this.expertsOf = new int[worldSize][];
        var sizes = new int[worldSize];
        for (int expert = 0; expert < rankOf.length; expert++) {
            localIndex[expert] = sizes[rankOf[expert]]++;
        }
        Arrays.setAll(expertsOf, rank -> new int[sizes[rank]]);
        for (int expert = 0; expert < rankOf.length; expert++) {
            expertsOf[rankOf[expert]][localIndex[expert]] = expert;
        }
    }

    /**
     * Places by expected load, longest processing time first: experts are taken from the heaviest to the lightest, and each
     * goes to the rank with the smallest load so far; among equal loads to the rank with the fewest experts, which keeps
     * memory even. Experts without load go to the ranks with the fewest experts. Remaining ties are broken by the lower
     * expert and the lower rank.
     *
     * <p>No rank gets more than {@code mean + (1 - 1/W) * heaviest} rows, nor more than {@code 4/3 - 1/(3W)} times what the
     * best placement would give (Graham, Bounds on multiprocessing timing anomalies, 1969).
     *
     * @param expertLoads rows that each expert is expected to get, in any unit, [E], each at least 0; not kept
     * @param worldSize {@code W}, at least 1
     * @throws IllegalArgumentException if there is no expert or no rank, or a load is negative
     */
    public static ExpertPlacement byLoad(long[] expertLoads, int worldSize) {
        requireSizes(expertLoads.length, worldSize);
        var loads = new long[worldSize];
        var sizes = new int[worldSize];
        var fewest = Comparator.<Integer>comparingInt(rank -> sizes[rank]).thenComparing(Comparator.naturalOrder());
        var lightest = Comparator.<Integer>comparingLong(rank -> loads[rank]).thenComparing(fewest);
        var rankOf = new int[expertLoads.length];
        for (int expert : byFallingLoad(expertLoads)) {
            int rank = IntStream.range(0, worldSize)
                    .boxed()
                    .min(expertLoads[expert] > 0 ? lightest : fewest)
                    .orElseThrow();
            rankOf[expert] = rank;
            loads[rank] = Math.addExact(loads[rank], expertLoads[expert]);
            sizes[rank]++;
        }
        return new ExpertPlacement(rankOf, worldSize);
    }

    /**
     * Deals experts out in turn: expert {@code e} is on rank {@code e mod W}.
     *
     * @throws IllegalArgumentException if there is no expert or no rank
     */
    public static ExpertPlacement roundRobin(int numExperts, int worldSize) {
        requireSizes(numExperts, worldSize);
        return new ExpertPlacement(
                IntStream.range(0, numExperts).map(expert -> expert % worldSize).toArray(), worldSize);
    }

    /**
     * Returns the placement of the units of experts, {@code n} of each: unit {@code e * n + m} lies where expert {@code e} does.
     *
     * @param n units of each expert, at least 1
     * @throws IllegalArgumentException if {@code n} is less than 1
     */
    public ExpertPlacement ofUnits(int n) {
        if (n < 1) {
            throw new IllegalArgumentException(n + " units of each expert; there must be at least 1");
        }
        int units = Math.multiplyExact(rankOf.length, n);
        return new ExpertPlacement(
                IntStream.range(0, units).map(unit -> rankOf[unit / n]).toArray(), worldSize());
    }

    /** Returns {@code E}. */
    public int numExperts() {
        return rankOf.length;
    }

    /** Returns {@code W}. */
    public int worldSize() {
        return expertsOf.length;
    }

    /** Returns the rank that holds an expert. */
    public int rankOf(int expert) {
        return rankOf[expert];
    }

    /** Returns the experts of a rank, ascending; the caller owns the copy. */
    public int[] expertsOf(int rank) {
        return expertsOf[rank].clone();
    }

    /** Returns the place of an expert in {@link #expertsOf} its rank. */
    public int localIndex(int expert) {
        return localIndex[expert];
    }

    /**
     * Returns the sum of the loads of each rank's experts.
     *
     * @param expertLoads load of each expert, in any unit, [E]
     * @return load of each rank, in the same unit, [W]
     * @throws IllegalArgumentException if {@code expertLoads} is not of length {@code E}
     */
    public long[] rankLoads(long[] expertLoads) {
        if (expertLoads.length != rankOf.length) {
            throw new IllegalArgumentException(
                    expertLoads.length + " loads for " + rankOf.length + " experts; there must be one for each");
        }
        var loads = new long[expertsOf.length];
        for (int expert = 0; expert < rankOf.length; expert++) {
            loads[rankOf[expert]] = Math.addExact(loads[rankOf[expert]], expertLoads[expert]);
        }
        return loads;
    }

    /** Returns a digest of {@code W} and the rank of every expert. */
    public String digest() {
        return new ContentDigest().add(expertsOf.length).add(rankOf).finish();
    }

    private static int[] byFallingLoad(long[] expertLoads) {
        for (int expert = 0; expert < expertLoads.length; expert++) {
            if (expertLoads[expert] < 0) {
                throw new IllegalArgumentException("load of expert " + expert + " is negative: " + expertLoads[expert]);
            }
        }
        return IntStream.range(0, expertLoads.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingLong(expert -> expertLoads[expert])
                        .reversed()
                        .thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static void requireSizes(int numExperts, int worldSize) {
        if (numExperts < 1 || worldSize < 1) {
            throw new IllegalArgumentException(
                    numExperts + " experts on " + worldSize + " ranks; there must be at least 1 of each");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ExpertPlacement that
                && worldSize() == that.worldSize()
                && Arrays.equals(rankOf, that.rankOf);
    }

    @Override
    public int hashCode() {
        return 31 * worldSize() + Arrays.hashCode(rankOf);
    }

    @Override
    public String toString() {
        return "ExpertPlacement[E=" + numExperts() + ", W=" + worldSize() + "]";
    }
}
