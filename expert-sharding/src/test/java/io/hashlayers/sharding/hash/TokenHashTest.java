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
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TokenHashTest {
    @Test
    void theCurrentTokenLooksItsExpertsUp() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(4, 2, new int[] {3, 0, 1, 2, 0, 1}));
        int[] experts = new int[8];

        hash.expertsOf(rows(new int[] {2, 0, 0, 1}, 3, 2), 4, experts);

        assertThat(experts).containsExactly(0, 1, 3, 0, 3, 0, 1, 2);
    }

    @Test
    void aFeatureSeesItsSequenceAndNothingBefore() {
        var hash = new TokenHash(TokenFeature.PREVIOUS_TOKEN, ExpertTable.modulo(11, 11, 1));
        int[] experts = new int[6];

        hash.expertsOf(rows(new int[] {4, 5, 6, 7, 8, 9}, 10, 3), 6, experts);

        assertThat(experts).containsExactly(10, 4, 5, 10, 7, 8);
    }

    @RandomSeeds
    void countsAreThoseOfTheListedExperts(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 10);
        int k = random.nextInt(1, numExperts + 1);
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(50, numExperts, k, seed));
        TokenRows batch = rows(random.ints(40, 0, 50).toArray(), 50, 8);
        int rows = random.nextInt(41);
        int[] counts = random.ints(numExperts, 0, 100).toArray(); // of the batches before
        int[] expected = counts.clone();
        int[] experts = new int[rows * k];

        hash.countRows(batch, rows, counts);

        hash.expertsOf(batch, rows, experts);
        Arrays.stream(experts).forEach(expert -> expected[expert]++);
        assertThat(counts).isEqualTo(expected);
    }

    @Test
    void aTokenOutsideTheTableIsNamed() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(10, 2, 1));

        for (int token : new int[] {10, -1}) {
            assertThatThrownBy(() -> hash.expertsOf(rows(new int[] {1, token}, 10, 2), 2, new int[2]))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.DATA))
                    .hasMessageStartingWith("row 1 of the batch, token " + token + ", has current-token " + token
                            + " and the expert table has values 0 to 9");
            assertThatThrownBy(() -> hash.countRows(rows(new int[] {token}, 10, 2), 1, new int[2]))
                    .isInstanceOf(TrainingException.class);
        }
    }

    @Test
    void aTableOfAnotherVocabularyIsRefused() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8192, 16, 1));

        hash.requireVocabulary(8192, 128);

        assertThatThrownBy(() -> hash.requireVocabulary(8000, 128))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("8192")
                .hasMessageContaining("8000");
    }

    @Test
    void arraysThatAreTooShortAreRefused() {
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8, 4, 2));

        assertThatThrownBy(() -> hash.expertsOf(rows(new int[3], 8, 4), 4, new int[8]))
                .hasMessage("tokens has 3 entries, needs 4");
        assertThatThrownBy(() -> hash.expertsOf(rows(new int[4], 8, 4), 4, new int[7]))
                .hasMessage("experts has 7 entries, needs 8");
        assertThatThrownBy(() -> hash.countRows(rows(new int[4], 8, 4), 4, new int[3]))
                .hasMessage("counts has 3 entries, needs 4");
        assertThatThrownBy(() -> hash.loads(new long[2][8])).hasMessage("counts of 2 tables, there is 1");
    }

    @Test
    void rowsWithoutWhatAFeatureReadsAreRefused() {
        var table = ExpertTable.modulo(9, 4, 2);

        assertThatThrownBy(() ->
                        new TokenHash(TokenFeature.ORACLE_NEXT, table).expertsOf(rows(new int[4], 8, 4), 4, new int[8]))
                .hasMessage("targets has 0 entries, needs 4");
        assertThatThrownBy(() -> new TokenHash(TokenFeature.PREDICTED_NEXT, table)
                        .countRows(rows(new int[4], 8, 4), 4, new int[4]))
                .hasMessage("predicted has 0 entries, needs 4");
    }

    @Test
    void itIsAnExpertHashOfWholeExperts() {
        ExpertHash hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8, 4, 2));
        long[][] counts = {{5, 0, 1, 0, 0, 2, 0, 3}};

        assertThat(hash.units()).isEqualTo(hash.numExperts()).isEqualTo(4);
        assertThat(hash.choices()).isEqualTo(2);
        assertThat(hash.loads(counts)).containsExactly(8, 7, 3, 4);
        assertThat(hash.expertLoads(counts)).isEqualTo(hash.loads(counts));
    }

    @Test
    void featureAndTableEnterTheDigest() {
        var table = ExpertTable.modulo(8, 4, 2);
        var hash = new TokenHash(TokenFeature.CURRENT_TOKEN, table);

        assertThat(hash.digest())
                .isEqualTo(new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8, 4, 2)).digest())
                .isNotEqualTo(new TokenHash(TokenFeature.POSITION, table).digest())
                .isNotEqualTo(new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(8, 5, 2)).digest());
    }

    @Test
    void routingAllocatesNothing() {
        var plain = new TokenHash(TokenFeature.PREVIOUS_TOKEN, ExpertTable.modulo(9, 4, 1));
        TokenRows batch = rows(new int[64], 8, 8);
        int[] units = new int[128];
        for (ExpertHash hash : List.of(plain, new MultiHash(List.of(plain, plain)))) {
            int[] counts = new int[hash.units()];
            route(hash, batch, units, counts);
            long before = allocatedBytes();

            for (int i = 0; i < 1000; i++) {
                route(hash, batch, units, counts);
            }

            assertThat(allocatedBytes() - before).isLessThan(4000); // less than any object for each batch
        }
    }

    private static void route(ExpertHash hash, TokenRows batch, int[] units, int[] counts) {
        hash.expertsOf(batch, batch.rows(), units);
        hash.countRows(batch, batch.rows(), counts);
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

    private static TokenRows rows(int[] tokens, int vocabularySize, int sequenceLength) {
        return new TokenRows(tokens, new int[0], new int[0], vocabularySize, sequenceLength);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
