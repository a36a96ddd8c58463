package io.hashlayers.worker.data;

/**
 * The order in which training reads the rows of a split: every epoch is another permutation of all rows.
 *
 * <p>The permutation is a Feistel network over the smallest even number of bits that holds all rows; an image outside the
 * rows is encrypted again until it falls inside (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains",
 * 2002), which a domain of at most {@code 4 * rows} does in under four rounds on average. So any position is found in
 * constant time and memory, by every rank alone. Immutable, thread-safe.
 */
public final class EpochOrder {
    /** Four suffice for a pseudo-random permutation (Luby and Rackoff, 1988); two more because the halves are small. */
    private static final int ROUNDS = 6;

    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private final long rows;
    private final long seed;
    private final int halfBits;
    private final long halfMask;

    /**
     * @param rows of the split, at least 1
     * @param seed another seed gives other orders
     */
    public EpochOrder(long rows, long seed) {
        if (rows < 1) {
            throw new IllegalArgumentException("rows must be at least 1 but is " + rows);
        }
        this.rows = rows;
        this.seed = mix(seed);
        int bits = Long.SIZE - Long.numberOfLeadingZeros(rows - 1);
        halfBits = Math.max(1, (bits + 1) / 2);
        halfMask = (1L << halfBits) - 1;
    }

    /**
     * The row at a position, counted on over epochs: positions {@code [e * rows, (e + 1) * rows)} are epoch {@code e}.
     *
     * @param position at least 0
     */
    public long row(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position must not be negative but is " + position);
        }
        long epochKey = mix(seed + GOLDEN_GAMMA * (position / rows + 1));
        long row = position % rows;
        do {
            row = encrypt(row, epochKey);
        } while (Long.compareUnsigned(row, rows) >= 0); // of more than 2^62 rows an image may use the sign bit
        return row;
    }

    private long encrypt(long value, long epochKey) {
        long left = value >>> halfBits;
        long right = value & halfMask;
        for (int round = 1; round <= ROUNDS; round++) {
            long next = left ^ (mix(epochKey + GOLDEN_GAMMA * round + right) & halfMask);
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }

    /** The output function of SplitMix64 (Steele, Lea and Flood, 2014). */
    private static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }
}
