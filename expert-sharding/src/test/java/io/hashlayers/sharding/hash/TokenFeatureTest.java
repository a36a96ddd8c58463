package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenFeatureTest {
    private static final int V = 10;
    private static final int S = 3;
    private static final List<TokenFeature> ALL = List.of(
            TokenFeature.CURRENT_TOKEN,
            TokenFeature.PREVIOUS_TOKEN,
            TokenFeature.BIGRAM,
            TokenFeature.POSITION,
            TokenFeature.ORACLE_NEXT,
            TokenFeature.PREDICTED_NEXT);

    /** Two sequences, the second ends in padding. */
    private static final TokenRows ROWS = new TokenRows(
            new int[] {4, 5, 6, 7, 8, 0}, new int[] {5, 6, 9, 8, -1, -1}, new int[] {5, 1, 2, 8, 3, 0}, V, S);

    @Test
    void eachFeatureReadsWhatItsNameSays() {
        assertThat(values(TokenFeature.CURRENT_TOKEN)).containsExactly(4, 5, 6, 7, 8, 0);
        assertThat(values(TokenFeature.PREVIOUS_TOKEN)).containsExactly(V, 4, 5, V, 7, 8);
        assertThat(values(TokenFeature.POSITION)).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(values(TokenFeature.ORACLE_NEXT)).containsExactly(5, 6, 9, 8, V, V);
        assertThat(values(TokenFeature.PREDICTED_NEXT)).containsExactly(5, 1, 2, 8, 3, 0);
    }

    @Test
    void onlyTheOracleLeaksAndOnlyThePredictionNeedsOne() {
        assertThat(ALL).filteredOn(TokenFeature::leaks).containsExactly(TokenFeature.ORACLE_NEXT);
        assertThat(ALL).filteredOn(TokenFeature::needsPrediction).containsExactly(TokenFeature.PREDICTED_NEXT);
    }

    @RandomSeeds
    void valuesAreBelowTheSizeOfTheFeature(long seed) {
        TokenRows rows = randomRows(seed);
        for (TokenFeature feature : ALL) {
            int size = feature.size(rows.vocabularySize(), rows.sequenceLength());
            assertThat(IntStream.range(0, rows.rows()).map(i -> feature.valueAt(rows, i)))
                    .as(feature.name())
                    .allMatch(value -> value >= 0 && value < size);
        }
    }

    /** What generation relies on: a value that does not leak is known when the token itself is. */
    @RandomSeeds
    void featuresThatDoNotLeakSeeNothingOfLaterTokensNorOfOtherSequences(long seed) {
        TokenRows rows = randomRows(seed);
        int index = new SplittableRandom(seed).nextInt(rows.rows());
        int from = index - index % rows.sequenceLength();
        int[] otherTokens = rows.tokens().clone();
        Arrays.setAll(otherTokens, i -> i < from || i > index ? 0 : otherTokens[i]);
        TokenRows changed = new TokenRows(
                otherTokens, new int[rows.rows()], rows.predicted(), rows.vocabularySize(), rows.sequenceLength());

        for (TokenFeature feature : ALL) {
            if (!feature.leaks()) {
                assertThat(feature.valueAt(changed, index)).as(feature.name()).isEqualTo(feature.valueAt(rows, index));
            }
        }
    }

    @Test
    void bigramsSpreadEvenlyOverTheValues() {
        int vocabulary = 1024; // 2^20 bigrams in 2^16 values: 16 each, standard deviation 4
        var counts = new int[TokenFeature.BIGRAM.size(vocabulary, 2)];
        var pair = new int[2];
        var rows = new TokenRows(pair, new int[0], new int[0], vocabulary, 2);
        for (int bigram = 0; bigram < 1 << 20; bigram++) {
            pair[0] = bigram >> 10;
            pair[1] = bigram & 1023;
            counts[TokenFeature.BIGRAM.valueAt(rows, 1)]++;
        }

        double chiSquared = Arrays.stream(counts)
                .mapToDouble(count -> (count - 16.0) * (count - 16) / 16)
                .sum();
        assertThat(chiSquared / counts.length).isBetween(0.97, 1.03); // standard deviation 0.0055
    }

    @Test
    void aBigramDependsOnBothTokensAndTheirOrder() {
        var once = new TokenRows(new int[] {1, 2, 2, 1, 1}, new int[0], new int[0], V, 5);

        var values = IntStream.range(0, 5).map(i -> TokenFeature.BIGRAM.valueAt(once, i));

        assertThat(values).doesNotHaveDuplicates(); // start 1, 1 2, 2 2, 2 1, 1 1
    }

    @Test
    void aBigramMeansTheSameValueForEver() {
        assertThat(values(TokenFeature.BIGRAM)).containsExactly(34664, 8142, 50051, 51472, 21921, 65195);
    }

    @Test
    void everyFeatureIsFoundByItsName() {
        assertThat(ALL).allSatisfy(feature -> assertThat(TokenFeature.named(feature.name()))
                .isEqualTo(feature));
        assertThatThrownBy(() -> TokenFeature.named("trigram"))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("moe.feature is \"trigram\"; set it to one of current-token, previous-token, bigram, "
                        + "position, oracle-next, predicted-next");
    }

    @Test
    void rowsOfAnotherShapeAreRefused() {
        assertThatThrownBy(() -> new TokenRows(new int[4], new int[3], new int[0], V, S))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("targets is of 3 rows, expected 4 as of tokens, or none");
        assertThatThrownBy(() -> new TokenRows(new int[4], new int[4], new int[5], V, S))
                .hasMessageStartingWith("predicted is of 5 rows");
        assertThatThrownBy(() -> new TokenRows(new int[4], new int[4], new int[4], V, 0))
                .hasMessage("a vocabulary of 10 and sequences of 0 tokens; both must be at least 1");
    }

    private static int[] values(TokenFeature feature) {
        return IntStream.range(0, ROWS.rows())
                .map(i -> feature.valueAt(ROWS, i))
                .toArray();
    }

    private static TokenRows randomRows(long seed) {
        var random = new SplittableRandom(seed);
        int vocabulary = random.nextInt(1, 2000);
        int sequenceLength = random.nextInt(1, 20);
        int rows = sequenceLength * random.nextInt(1, 5);
        return new TokenRows(
                random.ints(rows, 0, vocabulary).toArray(),
                random.ints(rows, -1, vocabulary).toArray(),
                random.ints(rows, 0, vocabulary).toArray(),
                vocabulary,
                sequenceLength);
    }
}
