package io.hashlayers.sharding.hash;

/** The token that a trained model holds for the most probable {@code x_{t+1}}, given the tokens up to {@code x_t}. */
record PredictedNext() implements TokenFeature {
    @Override
    public String name() {
        return "predicted-next";
    }

    @Override
    public int size(int vocabularySize, int sequenceLength) {
        return vocabularySize;
    }

    @Override
    public int valueAt(TokenRows rows, int index) {
        return rows.predicted()[index];
    }

    @Override
    public boolean leaks() {
        return false;
    }

    @Override
    public boolean needsPrediction() {
        return true;
    }
}
