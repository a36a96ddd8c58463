package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MultiHashTest {
    private static final int V = 40;
    private static final int S = 8;

    @Test
    void eachHashChoosesItsOwnSegment() {
        var hash = new MultiHash(List.of(
                new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.of(3, 1, new int[] {2, 0, 1})),
                new TokenHash(TokenFeature.PREVIOUS_TOKEN, ExpertTable.of(3, 1, new int[] {1, 1, 0, 2}))));
        int[] units = new int[6];

        hash.expertsOf(new TokenRows(new int[] {0, 1, 2}, new int[0], new int[0], 3, 3), 3, units);

        // experts 2, 0, 1 by the current token; 2, 1, 1 by the previous one
        assertThat(units).containsExactly(2 * 2, 2 * 2 + 1, 0, 1 * 2 + 1, 1 * 2, 1 * 2 + 1);
    }

    @RandomSeeds
    void countsAreThoseOfTheListedUnits(long seed) {
        var random = new SplittableRandom(seed);
        MultiHash hash = random(random);
        TokenRows batch = batch(random);
        int rows = random.nextInt(batch.rows() + 1);
        int[] counts = random.ints(hash.units(), 0, 100).toArray(); // of the batches before
        int[] expected = counts.clone();
        int[] units = new int[rows * hash.choices()];

        hash.countRows(batch, rows, counts);

        hash.expertsOf(batch, rows, units);
        Arrays.stream(units).forEach(unit -> expected[unit]++);
        assertThat(counts).isEqualTo(expected);
    }

    @RandomSeeds
    void loadsAreTheCountsOfAText(long seed) {
        var random = new SplittableRandom(seed);
        MultiHash hash = random(random);
        TokenRows batch = batch(random);
        int[] rows = new int[hash.units()];
        hash.countRows(batch, batch.rows(), rows);
        long[][] counts = new long[hash.choices()][];
        Arrays.setAll(counts, part -> counts(hash.parts().get(part), batch));

        assertThat(hash.loads(counts))
                .isEqualTo(Arrays.stream(rows).asLongStream().toArray());
        long[] ofExperts = hash.expertLoads(counts);
        for (int expert = 0; expert < hash.numExperts(); expert++) {
            int n = hash.unitsPerExpert();
            assertThat(ofExperts[expert])
                    .isEqualTo(Arrays.stream(rows, expert * n, expert * n + n).sum());
        }
    }

    @RandomSeeds
    void oneHashIsThePlainHash(long seed) {
        var random = new SplittableRandom(seed);
        TokenRows batch = batch(random);
        var plain = new TokenHash(TokenFeature.BIGRAM, ExpertTable.random(1 << 16, 7, 1, seed));
        var one = new MultiHash(List.of(plain));
        int[] expected = new int[batch.rows()];
        int[] units = new int[batch.rows()];

        plain.expertsOf(batch, batch.rows(), expected);
        one.expertsOf(batch, batch.rows(), units);

        assertThat(units).isEqualTo(expected);
        assertThat(one.units()).isEqualTo(plain.units());
    }

    @RandomSeeds
    void equalHashesChooseAllSegmentsOfOneExpert(long seed) {
        var random = new SplittableRandom(seed);
        TokenRows batch = batch(random);
        var plain = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(V, 7, 1, seed));
        var equal = new MultiHash(List.of(plain, plain, plain));
        int[] experts = new int[batch.rows()];
        int[] units = new int[batch.rows() * 3];

        plain.expertsOf(batch, batch.rows(), experts);
        equal.expertsOf(batch, batch.rows(), units);

        assertThat(units)
                .isEqualTo(IntStream.range(0, units.length)
                        .map(i -> experts[i / 3] * 3 + i % 3)
                        .toArray());
    }

    @Test
    void itNeedsWhatAnyOfItsFeaturesNeeds() {
        var plain = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 2, 1));
        var oracle = new TokenHash(TokenFeature.ORACLE_NEXT, ExpertTable.modulo(V + 1, 2, 1));
        var predicted = new TokenHash(TokenFeature.PREDICTED_NEXT, ExpertTable.modulo(V, 2, 1));

        assertThat(new MultiHash(List.of(plain, plain)).leaks()).isFalse();
        assertThat(new MultiHash(List.of(plain, oracle)).leaks()).isTrue();
        assertThat(new MultiHash(List.of(plain, oracle)).needsPrediction()).isFalse();
        assertThat(new MultiHash(List.of(predicted, plain)).needsPrediction()).isTrue();
        var withoutTargets = new TokenRows(new int[2], new int[0], new int[0], V, S);
        assertThatThrownBy(() -> new MultiHash(List.of(plain, oracle)).expertsOf(withoutTargets, 2, new int[4]))
                .hasMessage("targets has 0 entries, needs 2");
    }

    @Test
    void everyTableMustBeOfTheVocabulary() {
        var hash = new MultiHash(List.of(
                new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 2, 1)),
                new TokenHash(TokenFeature.POSITION, ExpertTable.modulo(S, 2, 1))));

        hash.requireVocabulary(V, S);

        assertThatThrownBy(() -> hash.requireVocabulary(V + 1, S)).isInstanceOf(TrainingException.class);
        assertThatThrownBy(() -> hash.requireVocabulary(V, S + 1))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("the feature position of a vocabulary of 40 in sequences of 9 has 9");
    }

    @Test
    void hashesThatDoNotFitTogetherAreRefused() {
        var plain = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 4, 1));

        assertThatThrownBy(() -> new MultiHash(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no hash; there must be one for each segment");
        assertThatThrownBy(() -> new MultiHash(
                        List.of(plain, new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 5, 1)))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("hash 1 of 2 has 5 experts, 1 for each value; it must have 4 and 1");
        assertThatThrownBy(() -> new MultiHash(
                        List.of(plain, new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 4, 2)))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void arraysThatAreTooShortAreRefused() {
        var plain = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(V, 4, 1));
        var hash = new MultiHash(List.of(plain, plain));
        var batch = new TokenRows(new int[4], new int[0], new int[0], V, S);

        assertThatThrownBy(() -> hash.expertsOf(batch, 4, new int[7])).hasMessage("units has 7 entries, needs 8");
        assertThatThrownBy(() -> hash.expertsOf(batch, 5, new int[10])).hasMessage("tokens has 4 entries, needs 5");
        assertThatThrownBy(() -> hash.countRows(batch, 4, new int[7])).hasMessage("counts has 7 entries, needs 8");
        assertThatThrownBy(() -> hash.loads(new long[1][V]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("counts of 1 tables, there are 2");
    }

    @Test
    void partsAndTheirOrderEnterTheDigest() {
        var first = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(V, 4, 1, 1));
        var second = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(V, 4, 1, 2));

        assertThat(List.of(
                                List.of(first, second),
                                List.of(second, first),
                                List.of(first),
                                List.of(first, first),
                                List.of(first, new TokenHash(TokenFeature.PREDICTED_NEXT, second.table())))
                        .stream()
                        .map(parts -> new MultiHash(parts).digest()))
                .doesNotHaveDuplicates();
        assertThat(new MultiHash(List.of(first, second)).digest())
                .isEqualTo(new MultiHash(List.of(first, second)).digest());
    }

    @Test
    void travelsInASparkClosure() throws IOException, ClassNotFoundException {
        var hash = random(new SplittableRandom(3));
        var bytes = new ByteArrayOutputStream();

        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(hash);
        }

        try (var in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(hash);
        }
    }

    private static MultiHash random(SplittableRandom random) {
        int numExperts = random.nextInt(1, 10);
        List<TokenFeature> features =
                List.of(TokenFeature.CURRENT_TOKEN, TokenFeature.PREVIOUS_TOKEN, TokenFeature.ORACLE_NEXT);
        return new MultiHash(IntStream.range(0, random.nextInt(1, 5))
                .mapToObj(part -> features.get(part % features.size()))
                .map(feature -> new TokenHash(
                        feature, ExpertTable.random(feature.size(V, S), numExperts, 1, random.nextLong())))
                .toList());
    }

    private static TokenRows batch(SplittableRandom random) {
        return new TokenRows(
                random.ints(5 * S, 0, V).toArray(), random.ints(5 * S, -1, V).toArray(), new int[0], V, S);
    }

    private static long[] counts(TokenHash part, TokenRows batch) {
        var counts = new long[part.table().values()];
        IntStream.range(0, batch.rows()).forEach(row -> counts[part.feature().valueAt(batch, row)]++);
        return counts;
    }
}
