package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;

/**
 * A token hash: which experts each token of a batch visits, from the token ids alone.
 *
 * @param feature what of a token is hashed
 * @param table experts of each value of the feature
 */
public record TokenHash(TokenFeature feature, ExpertTable table) implements Serializable {
    /**
     * Requires that the table was made for a vocabulary.
     *
     * @throws TrainingException of kind {@code DATA} if its number of values is another
     */
    public void requireVocabulary(int vocabularySize) {
        int expected = feature.size(vocabularySize);
        if (table.values() != expected) {
            throw new TrainingException(
                    Failure.DATA,
                    "the expert table has %d values, the feature %s of a vocabulary of %d has %d; use the table that was built for this dataset"
                            .formatted(table.values(), feature.name(), vocabularySize, expected));
        }
    }

    /**
     * Writes the experts of each token. Allocates nothing.
     *
     * @param tokens sequences of {@code sequenceLength} token ids one after another, at least {@code rows} in all
     * @param rows tokens to route, from the first on
     * @param sequenceLength {@code S}
     * @param experts expert of each (row, choice), at least {@code rows * k}; overwritten
     * @throws TrainingException of kind {@code DATA} if a token has no entry in the table
     * @throws IllegalArgumentException if an array is too short
     */
    public void expertsOf(int[] tokens, int rows, int sequenceLength, int[] experts) {
        int k = table.expertsPerToken();
        requireLength(tokens.length, rows, "tokens");
        requireLength(experts.length, (long) rows * k, "experts");
        for (int row = 0; row < rows; row++) {
            table.copyExperts(valueAt(tokens, row, sequenceLength), experts, row * k);
        }
    }

    /**
     * Adds to {@code counts} the rows that each expert gets from a batch, without listing them. Allocates nothing.
     *
     * @param tokens sequences of {@code sequenceLength} token ids one after another, at least {@code rows} in all
     * @param rows tokens to count, from the first on
     * @param sequenceLength {@code S}
     * @param counts rows of each expert so far, [E]; added to
     * @throws TrainingException of kind {@code DATA} if a token has no entry in the table
     * @throws IllegalArgumentException if an array is too short
     */
    public void countRows(int[] tokens, int rows, int sequenceLength, int[] counts) {
        requireLength(tokens.length, rows, "tokens");
        requireLength(counts.length, table.numExperts(), "counts");
        for (int row = 0; row < rows; row++) {
            int value = valueAt(tokens, row, sequenceLength);
            for (int choice = 0; choice < table.expertsPerToken(); choice++) {
                counts[table.expert(value, choice)]++;
            }
        }
    }

    private int valueAt(int[] tokens, int row, int sequenceLength) {
        int value = feature.valueAt(tokens, row, sequenceLength);
        if (value < 0 || value >= table.values()) {
            throw new TrainingException(
                    Failure.DATA,
                    "row %d of the batch, token %d, has %s %d and the expert table has values 0 to %d; use the table that was built for this dataset"
                            .formatted(row, tokens[row], feature.name(), value, table.values() - 1));
        }
        return value;
    }

    private static void requireLength(int actual, long required, String what) {
        if (actual < required) {
            throw new IllegalArgumentException(what + " has " + actual + " entries, needs " + required);
        }
    }
}
