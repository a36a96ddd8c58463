package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;
import java.util.List;

/**
 * Which experts the rows of a batch visit, from token ids alone.
 *
 * <p>What a row visits is a <em>unit</em>: a whole expert for {@link TokenHash}, a segment of one for {@link MultiHash}.
 * Exchanges, counts and loads are of units; unit {@code u} belongs to expert {@code u / unitsPerExpert()}.
 *
 * <p>Immutable and safe to share between threads.
 */
public sealed interface ExpertHash extends Serializable permits TokenHash, MultiHash {
    /** Returns {@code E}, whole experts. */
    int numExperts();

    /** Returns the units of each expert: 1, or the {@code N} segments of a {@link MultiHash}. */
    int unitsPerExpert();

    /** Returns the units that each row visits: {@code k}, or the {@code N} of a {@link MultiHash}. */
    int choices();

    /** Returns the pairs of feature and table that decide, in the order of what they decide. */
    List<TokenHash> parts();

    /**
     * Requires that the tables were made for a vocabulary and a context.
     *
     * @param sequenceLength {@code S}
     * @throws TrainingException of kind {@code DATA} if a table has another number of values
     */
    void requireVocabulary(int vocabularySize, int sequenceLength);

    /**
     * Writes the units that each row visits. Allocates nothing.
     *
     * @param batch what may be read
     * @param rows to route, from the first on
     * @param units unit of each (row, choice), at least {@code rows * choices()}; overwritten
     * @throws TrainingException of kind {@code DATA} if a row has no entry in a table
     * @throws IllegalArgumentException if an array is too short
     */
    void expertsOf(TokenRows batch, int rows, int[] units);

    /**
     * Adds to {@code counts} the rows that each unit gets from a batch, without listing them. Allocates nothing.
     *
     * @param batch what may be read
     * @param rows to count, from the first on
     * @param counts rows of each unit so far, [units()]; added to
     * @throws TrainingException of kind {@code DATA} if a row has no entry in a table
     * @throws IllegalArgumentException if an array is too short
     */
    void countRows(TokenRows batch, int rows, int[] counts);

    /**
     * Returns the rows that each unit gets from a text.
     *
     * @param counts occurrences of each value, for each of {@link #parts} in turn, [parts][V]
     * @return rows of each unit, [units()]
     * @throws IllegalArgumentException if the counts are not of the parts
     */
    long[] loads(long[][] counts);

    /** Returns a digest of all features and tables; takes time linear in the entries. */
    String digest();

    /** Returns the number of units. */
    default int units() {
        return numExperts() * unitsPerExpert();
    }

    /** Whether a feature gives away what the model has to predict. */
    default boolean leaks() {
        return parts().stream().anyMatch(part -> part.feature().leaks());
    }

    /** Whether a feature needs {@link TokenRows#predicted}. */
    default boolean needsPrediction() {
        return parts().stream().anyMatch(part -> part.feature().needsPrediction());
    }

    /**
     * Returns the rows that the units of each expert get from a text, together.
     *
     * @param counts occurrences of each value, for each of {@link #parts} in turn, [parts][V]
     * @return rows of each expert, [E]
     * @throws IllegalArgumentException if the counts are not of the parts
     */
    default long[] expertLoads(long[][] counts) {
        long[] loads = loads(counts);
        var sums = new long[numExperts()];
        for (int unit = 0; unit < loads.length; unit++) {
            int expert = unit / unitsPerExpert();
            sums[expert] = Math.addExact(sums[expert], loads[unit]);
        }
        return sums;
    }
}
