package io.hashlayers.sharding.hash;

/** The position {@code t} in the sequence, from 0: it says nothing of the token, so the paper takes it as a check. */
record Position() implements TokenFeature {
    @Override
    public String name() {
        return "position";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return sequenceLength;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        return rows.position(index);
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
