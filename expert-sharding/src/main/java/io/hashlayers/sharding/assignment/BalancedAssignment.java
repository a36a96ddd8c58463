package io.hashlayers.sharding.assignment;

/**
 * Gives every expert exactly {@code R / E} of {@code R} rows, so that rows visit experts that score high for them: equation (2)
 * of BASE Layers, arXiv 2103.16716.
 *
 * <p>Allocates nothing after its construction. Equal scores give equal assignments on every machine. Not thread-safe.
 */
public interface BalancedAssignment {
    /**
     * Assigns the rows of a batch.
     *
     * @param scores of each row for each expert, [R, E] row-major; a score that is not finite counts as the smallest finite one;
     *     not changed
     * @param expertOfRow receives the expert of each row, [R]
     * @throws IllegalArgumentException if an array has another length
     */
    void assign(float[] scores, int[] expertOfRow);

    /** Returns how often the last call went through rows: a measure of how hard the batch was. */
    int rounds();
}
