package io.hashlayers.sharding.hash;

/**
 * What a hash may read of a batch: sequences of {@code S} rows one after another, the first at index 0. A row is a token, the
 * token that follows it, and the token that some model predicts to follow it.
 *
 * <p>The arrays are the caller's, who fills them anew for every batch; nothing is copied.
 */
public final class TokenRows {
    private final int[] tokens;
    private final int[] targets;
    private final int[] predicted;
    private final int vocabularySize;
    private final int sequenceLength;

    /**
     * Takes the arrays of a caller as they are.
     *
     * @param tokens token of each row, [R]
     * @param targets token that follows each row, negative for padding, [R]; empty where no feature leaks
     * @param predicted token that a model predicts to follow each row, [R]; empty where no feature needs it
     * @param vocabularySize token ids are below it; what stands for "no token" is this number
     * @param sequenceLength {@code S}
     * @throws IllegalArgumentException if an array has another length, or a size is less than 1
     */
    public TokenRows(int[] tokens, int[] targets, int[] predicted, int vocabularySize, int sequenceLength) {
        requireRowsOrNone(targets.length, tokens.length, "targets");
        requireRowsOrNone(predicted.length, tokens.length, "predicted");
        if (vocabularySize < 1 || sequenceLength < 1) {
            throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " and sequences of "
                    + sequenceLength + " tokens; both must be at least 1");
        }
        this.tokens = tokens;
        this.targets = targets;
        this.predicted = predicted;
        this.vocabularySize = vocabularySize;
        this.sequenceLength = sequenceLength;
    }

    /** Token of each row, [R]; the caller's own array. */
    public int[] tokens() {
        return tokens;
    }

    /** Token that follows each row, negative for padding, [R], or empty; the caller's own array. */
    public int[] targets() {
        return targets;
    }

    /** Token that a model predicts to follow each row, [R], or empty; the caller's own array. */
    public int[] predicted() {
        return predicted;
    }

    /** Returns the number that token ids are below. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /** Returns {@code S}. */
    public int sequenceLength() {
        return sequenceLength;
    }

    /** Returns {@code R}. */
    public int rows() {
        return tokens.length;
    }

    /** Returns the place of a row in its sequence, in {@code [0, S)}. */
    int position(int index) {
        return index % sequenceLength;
    }

    /** Returns the token before a row in its sequence; the vocabulary size at the start of a sequence. */
    int previous(int index) {
        return position(index) == 0 ? vocabularySize : tokens[index - 1];
    }

    private static void requireRowsOrNone(int actual, int rows, String what) {
        if (actual != 0 && actual != rows) {
            throw new IllegalArgumentException(
                    what + " is of " + actual + " rows, expected " + rows + " as of tokens, or none");
        }
    }
}
