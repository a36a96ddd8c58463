package io.hashlayers.sharding.hash;

/**
 * A mix of {@code (x_{t-1}, x_t)} into 2^16 values; at the start of a sequence the token before is the vocabulary size.
 *
 * <p>The paper hashes bigrams and gives no formula; an author recalls {@code x_t mod E} plus {@code p x_{t-1} mod E} with some
 * prime {@code p}. Ours is the top 16 bits of the 64-bit mix of SplitMix64 (Steele, Lea and Flood 2014) over the two ids, so
 * that the table, not the ids, decides the expert, and every rule for tables applies. Different bigrams may share a value: of
 * {@code n} bigrams in a text each does with about {@code n / 2^16} others.
 */
record Bigram() implements TokenFeature {
    private static final int BITS = 16;

    @Override
    public String name() {
        return "bigram";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return 1 << BITS;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        return mix(rows.previous(index), rows.tokens()[index]);
    }

    @Override
    public boolean leaks() {
        return false;
    }

    @Override
    public boolean needsPrediction() {
        return false;
    }

    private static int mix(int previous, int current) {
        long pair = ((long) previous << 32) | (current & 0xffffffffL);
        long z = pair + 0x9e3779b97f4a7c15L; // so that (0, 0) is not 0
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return (int) ((z ^ (z >>> 31)) >>> (Long.SIZE - BITS));
    }
}
