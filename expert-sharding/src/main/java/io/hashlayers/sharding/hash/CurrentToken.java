package io.hashlayers.sharding.hash;

/** The token's own id. */
record CurrentToken() implements TokenFeature {
    @Override
    public String name() {
        return "current-token";
    }

    @Override
    public int size(int vocabularySize) {
        return vocabularySize;
    }

    @Override
    public int valueAt(int[] tokens, int index, int sequenceLength) {
        return tokens[index];
    }
}
