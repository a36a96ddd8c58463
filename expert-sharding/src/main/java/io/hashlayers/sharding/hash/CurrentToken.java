package io.hashlayers.sharding.hash;

/** The token's own id, {@code x_t}. */
record CurrentToken() implements TokenFeature {
    @Override
    public String name() {
        return "current-token";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return vocabularySize;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        return rows.tokens()[index];
    }

    @Override
    public boolean leaks() {
        return false;
    }

    @Override
    public boolean needsPrediction() {
        return false;
    }
}
