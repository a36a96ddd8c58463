package io.hashlayers.sharding.hash;

/**
 * The token to be predicted, {@code x_{t+1}}: the expert alone tells the model much of the answer, so it shows what routing
 * could gain at most. Padding, which has no next token, has a value of its own, the vocabulary size.
 */
record OracleNext() implements TokenFeature {
    @Override
    public String name() {
        return "oracle-next";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return vocabularySize + 1;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        int target = rows.targets()[index];
        return target < 0 ? rows.vocabularySize() : target;
    }

    @Override
    public boolean leaks() {
        return true;
    }

    @Override
    public boolean needsPrediction() {
        return false;
    }
}
