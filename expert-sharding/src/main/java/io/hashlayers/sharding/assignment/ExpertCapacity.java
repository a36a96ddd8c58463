package io.hashlayers.sharding.assignment;

import java.util.Arrays;

/**
 * Lets every expert take at most {@code C} rows of a batch, over all ranks together, as in Switch Transformer (arXiv 2101.03961)
 * and GShard (2006.16668): what comes too late is dropped.
 *
 * <p>First choices come before second ones, and among equal choices the rows in their order, rank after rank. So who is admitted
 * depends on the rows of the batch alone, not on how many ranks share them. The papers, whose devices decide each for itself,
 * split {@code C} among them.
 *
 * <p>Every rank is told how many rows each rank has for every expert and choice, and decides the same. All arrays are allocated
 * by the constructor. Not thread-safe.
 */
public final class ExpertCapacity {
    /** A factor such as 1.1 is a little more than that in binary, which must not cost a whole row. */
    private static final double ROUNDING = 1e-12;

    private final int choices;
    private final int experts;
    private final int[][] admitted; // [W][k * E]
    private final int[] left; // [E] or [k * E]: what may still be admitted
    private long dropped;

    /**
     * Allocates for batches of any size.
     *
     * @param worldSize {@code W}, at least 1
     * @param choices {@code k}, at least 1
     * @param experts {@code E}, at least 1
     * @throws IllegalArgumentException if a number is less than 1
     */
    public ExpertCapacity(int worldSize, int choices, int experts) {
        if (worldSize < 1 || choices < 1 || experts < 1) {
            throw new IllegalArgumentException("%d ranks, %d choices and %d experts; there must be at least 1 of each"
                    .formatted(worldSize, choices, experts));
        }
        this.choices = choices;
        this.experts = experts;
        this.admitted = new int[worldSize][Math.multiplyExact(choices, experts)];
        this.left = new int[choices * experts];
    }

    /**
     * Returns the rows that an expert may take: {@code C = ceil(factor k T / E)}.
     *
     * @param factor capacity factor, more than 0; 1 leaves no room beyond an even share
     * @param rows {@code T}, rows of the whole batch
     * @throws IllegalArgumentException if the factor is not more than 0, or the product is none of an int
     */
    public static int capacity(double factor, int choices, long rows, int experts) {
        double share = factor * ((double) choices * rows) / experts;
        double capacity = Math.ceil(share * (1 - ROUNDING));
        if (!(factor > 0) || capacity < 0 || capacity > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a capacity factor of %s with %d choices of %d rows among %d experts"
                    .formatted(factor, choices, rows, experts));
        }
        return (int) capacity;
    }

    /**
     * Counts the rows of one rank in the form that {@link #limit} takes.
     *
     * @param expertOf expert of each (row, choice) or -1 for none, [R * k]
     * @param counts receives the rows of each (choice, expert), [k * E], the choice first
     * @throws IllegalArgumentException if an array has another length or an expert does not exist
     */
    public void count(int[] expertOf, int[] counts) {
        requireRows(expertOf);
        requireCounts(counts);
        Arrays.fill(counts, 0);
        for (int i = 0; i < expertOf.length; i++) {
            if (expertOf[i] >= experts) {
                throw new IllegalArgumentException("row " + i / choices + ", choice " + i % choices + " has expert "
                        + expertOf[i] + ", there are experts 0 to " + (experts - 1));
            }
            if (expertOf[i] >= 0) {
                counts[i % choices * experts + expertOf[i]]++;
            }
        }
    }

    /**
     * Decides how many rows of each rank, choice and expert are admitted.
     *
     * @param counts rows of each rank for each (choice, expert), [W][k * E], the choice first; not kept
     * @param capacity {@code C}, at least 0
     * @throws IllegalArgumentException if the counts have another shape, one is negative, or {@code C} is
     */
    public void limit(int[][] counts, int capacity) {
        requireLimits(counts, capacity);
        Arrays.fill(left, 0, experts, capacity);
        dropped = 0;
        for (int choice = 0; choice < choices; choice++) {
            for (int rank = 0; rank < admitted.length; rank++) {
                for (int expert = 0; expert < experts; expert++) {
                    int place = choice * experts + expert;
                    int rows = Math.min(counts[rank][place], left[expert]);
                    admitted[rank][place] = rows;
                    left[expert] -= rows;
                    dropped += counts[rank][place] - rows;
                }
            }
        }
    }

    /** Returns the rows of a rank that an expert takes, all choices together. */
    public int admittedRows(int rank, int expert) {
        int rows = 0;
        for (int choice = 0; choice < choices; choice++) {
            rows += admitted[rank][choice * experts + expert];
        }
        return rows;
    }

    /** Returns the (row, choice) of all ranks that are dropped. */
    public long dropped() {
        return dropped;
    }

    /**
     * Takes the experts of what is dropped away: of each choice and expert the first rows keep it.
     *
     * @param rank whose rows these are, as counted for {@link #limit}
     * @param expertOf expert of each (row, choice) or -1 for none, [R * k]; what is dropped becomes -1
     * @throws IllegalArgumentException if the array has another length
     */
    public void admit(int rank, int[] expertOf) {
        requireRows(expertOf);
        System.arraycopy(admitted[rank], 0, left, 0, left.length);
        for (int i = 0; i < expertOf.length; i++) {
            if (expertOf[i] >= 0 && --left[i % choices * experts + expertOf[i]] < 0) {
                expertOf[i] = -1;
            }
        }
    }

    private void requireRows(int[] expertOf) {
        if (expertOf.length % choices != 0) {
            throw new IllegalArgumentException(
                    expertOf.length + " experts cannot be those of rows with " + choices + " choices each");
        }
    }

    private void requireLimits(int[][] counts, int capacity) {
        if (counts.length != admitted.length || capacity < 0) {
            throw new IllegalArgumentException("counts of " + counts.length + " ranks with capacity " + capacity
                    + "; there are " + admitted.length + " ranks, and it must be at least 0");
        }
        for (int rank = 0; rank < counts.length; rank++) {
            requireCounts(counts[rank]);
            for (int count : counts[rank]) {
                if (count < 0) {
                    throw new IllegalArgumentException("a count of rank " + rank + " is negative: " + count);
                }
            }
        }
    }

    private void requireCounts(int[] counts) {
        if (counts.length != left.length) {
            throw new IllegalArgumentException(
                    counts.length + " counts of a rank, there must be " + left.length + " of each");
        }
    }
}
