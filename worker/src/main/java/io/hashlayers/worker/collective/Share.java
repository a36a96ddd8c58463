package io.hashlayers.worker.collective;

/**
 * The elements of a vector that one rank sums in a reduce-scatter and sends in an all-gather; those of all ranks are the
 * vector.
 *
 * @param start first element
 * @param end behind the last element
 */
public record Share(int start, int end) {
    /** The share of a rank in {@code size} elements: equal ones but for 1. */
    public static Share of(long size, int rank, int worldSize) {
        return new Share((int) (size * rank / worldSize), (int) (size * (rank + 1) / worldSize));
    }

    public int length() {
        return end - start;
    }
}
