package io.hashlayers.sharding.hash;

/**
 * The id of the token before, {@code x_{t-1}}. The first token of a sequence has a value of its own, the vocabulary size: the
 * paper does not say what it takes there.
 */
record PreviousToken() implements TokenFeature {
    @Override
    public String name() {
        return "previous-token";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return vocabularySize + 1;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        return rows.previous(index);
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
