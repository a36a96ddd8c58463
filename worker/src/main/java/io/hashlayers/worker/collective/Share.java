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
        return new Share(start(size, rank, worldSize), start(size, rank + 1, worldSize));
    }

    /** Where that share starts; that of rank {@code worldSize} is the end of the vector. */
    static int start(long size, int rank, int worldSize) {
        return (int) (size * rank / worldSize);
    }

    public int length() {
        return end - start;
    }
}
