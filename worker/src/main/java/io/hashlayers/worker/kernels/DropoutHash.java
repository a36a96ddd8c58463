package io.hashlayers.worker.kernels;

/**
 * Decides which elements dropout zeroes, and what jitter multiplies them with: a hash of seed, global row and column, the same on every backend.
 *
 * <p>A row has a 64-bit key (SplitMix64, Steele, Lea and Flood 2014) whose halves enter two rounds of a 32-bit mixer with
 * the column, so rows whose low halves lie close do not drop shifted copies of one pattern. The mixer is
 * {@code x ^= x >>> 16; x *= 0x7feb352d; x ^= x >>> 15; x *= 0x846ca68b; x ^= x >>> 16} (lowbias32 of C. Wellons).
 */
public final class DropoutHash {
    public static final int MIX_1 = 0x7feb352d;
    public static final int MIX_2 = 0x846ca68b;

    /** Bits of the hash that are compared; the others are shifted out. */
    public static final int BITS = 24;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private DropoutHash() {}

    /** The key of a row; {@link #uniform} takes its halves. */
    public static long rowKey(long seed, long row) {
        return mix64(mix64(seed + GOLDEN) + GOLDEN * (row + 1));
    }

    /** An integer in [0, 2^24) for an element of the row with these halves of its key. */
    public static int uniform(int keyLow, int keyHigh, int col) {
        return mix(mix(keyLow + col) ^ keyHigh) >>> (Integer.SIZE - BITS);
    }

    /** A number in [1 - width, 1 + width) for an element, from its {@link #uniform}. */
    public static float around1(float width, int keyLow, int keyHigh, int col) {
        return 1 - width + uniform(keyLow, keyHigh, col) * (2 * width / (1 << BITS));
    }

    /** Elements whose {@link #uniform} is below this are dropped. */
    public static int threshold(float probability) {
        return Math.round(probability * (1 << BITS));
    }

    private static int mix(int x) {
        x = (x ^ (x >>> 16)) * MIX_1;
        x = (x ^ (x >>> 15)) * MIX_2;
        return x ^ (x >>> 16);
    }

    private static long mix64(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
