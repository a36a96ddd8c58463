package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TokenHashTest {
    @Test
    void theCurrentTokenLooksItsExpertsUp() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(4, 2, new int[] {3, 0, 1, 2, 0, 1}));
        int[] experts = new int[8];

        hash.expertsOf(new int[] {2, 0, 0, 1}, 4, 2, experts);

        assertThat(experts).containsExactly(0, 1, 3, 0, 3, 0, 1, 2);
    }

    @Test
    void aFeatureSeesItsSequenceAndNothingBefore() {
        var hash = new TokenHash(new PreviousToken(), ExpertTable.modulo(10, 10, 1));
        int[] experts = new int[6];

        hash.expertsOf(new int[] {4, 5, 6, 7, 8, 9}, 6, 3, experts);

        assertThat(experts).containsExactly(0, 4, 5, 0, 7, 8);
    }

    @RandomSeeds
    void countsAreThoseOfTheListedExperts(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 10);
        int k = random.nextInt(1, numExperts + 1);
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(50, numExperts, k, seed));
        int[] tokens = random.ints(40, 0, 50).toArray();
        int rows = random.nextInt(41);
        int[] counts = random.ints(numExperts, 0, 100).toArray(); // of the batches before
        int[] expected = counts.clone();
        int[] experts = new int[rows * k];

        hash.countRows(tokens, rows, 8, counts);

        hash.expertsOf(tokens, rows, 8, experts);
        Arrays.stream(experts).forEach(expert -> expected[expert]++);
        assertThat(counts).isEqualTo(expected);
    }

    @Test
    void aTokenOutsideTheTableIsNamed() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(10, 2, 1));

        for (int token : new int[] {10, -1}) {
            assertThatThrownBy(() -> hash.expertsOf(new int[] {1, token}, 2, 2, new int[2]))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.DATA))
                    .hasMessageStartingWith("row 1 of the batch, token " + token + ", has current-token " + token
                            + " and the expert table has values 0 to 9");
            assertThatThrownBy(() -> hash.countRows(new int[] {token}, 1, 2, new int[2]))
                    .isInstanceOf(TrainingException.class);
        }
    }

    @Test
    void aTableOfAnotherVocabularyIsRefused() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8192, 16, 1));

        hash.requireVocabulary(8192);

        assertThatThrownBy(() -> hash.requireVocabulary(8000))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("8192")
                .hasMessageContaining("8000");
    }

    @Test
    void arraysThatAreTooShortAreRefused() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8, 4, 2));

        assertThatThrownBy(() -> hash.expertsOf(new int[3], 4, 4, new int[8]))
                .hasMessage("tokens has 3 entries, needs 4");
        assertThatThrownBy(() -> hash.expertsOf(new int[4], 4, 4, new int[7]))
                .hasMessage("experts has 7 entries, needs 8");
        assertThatThrownBy(() -> hash.countRows(new int[4], 4, 4, new int[3]))
                .hasMessage("counts has 3 entries, needs 4");
    }

    @Test
    void travelsInASparkClosure() throws IOException, ClassNotFoundException {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(100, 8, 2, 3));
        var bytes = new ByteArrayOutputStream();

        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(hash);
        }

        try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(hash);
        }
    }

    /** A feature that looks back; the first token of a sequence has value 0. */
    private record PreviousToken() implements TokenFeature {
        @Override
        public String name() {
            return "previous-token";
        }

        @Override
        public int size(int vocabularySize) {
            return vocabularySize;
        }

        @Override
        public int valueAt(int[] tokens, int index, int sequenceLength) {
            return index % sequenceLength == 0 ? 0 : tokens[index - 1];
        }
    }
}
