package io.hashlayers.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ZipfTokensTest {
    /** {@code 1 / (r H)} for the rank {@code r} of the token and the harmonic number {@code H} of the vocabulary. */
    private static double[] probabilities(int vocabulary) {
        double harmonic =
                IntStream.rangeClosed(1, vocabulary).mapToDouble(r -> 1.0 / r).sum();
        return IntStream.rangeClosed(1, vocabulary)
                .mapToDouble(r -> 1 / (r * harmonic))
                .toArray();
    }

    /**
     * Chi-squared of V - 1 degrees of freedom has the mean V - 1 and the variance 2 (V - 1); six deviations above the mean
     * are as good as never reached.
     */
    @RandomSeeds(10)
    void drawsFollowZipfsLaw(long seed) {
        var random = new SplittableRandom(seed);
        int vocabulary = random.nextInt(2, 500);
        int[] tokens = new int[400_000];

        new ZipfTokens(vocabulary).draw(random, tokens);

        long[] counts = new long[vocabulary];
        Arrays.stream(tokens).forEach(token -> counts[token]++);
        double[] probabilities = probabilities(vocabulary);
        double chiSquared = 0;
        for (int token = 0; token < vocabulary; token++) {
            double expected = probabilities[token] * tokens.length;
            chiSquared += (counts[token] - expected) * (counts[token] - expected) / expected;
        }
        int freedom = vocabulary - 1;
        assertThat(chiSquared).as("%d tokens", vocabulary).isLessThan(freedom + 6 * Math.sqrt(2.0 * freedom) + 20);
    }

    @Test
    void expectedCountsAreTheProbabilitiesTimesTheTotal() {
        for (int vocabulary : new int[] {1, 2, 1000, 50_000}) {
            long total = 1_000_000_000_000L;

            long[] counts = new ZipfTokens(vocabulary).expectedCounts(total);

            double[] probabilities = probabilities(vocabulary);
            assertThat(counts).hasSize(vocabulary);
            for (int token = 0; token < vocabulary; token++) {
                assertThat(Math.abs(counts[token] - probabilities[token] * total))
                        .as("token %d of %d", token, vocabulary)
                        .isLessThan(1);
            }
        }
    }

    @Test
    void equalSeedsDrawEqualTokensAndOneTokenIsAlwaysDrawn() {
        int[] first = new int[1000];
        int[] second = new int[1000];
        var zipf = new ZipfTokens(300);
        zipf.draw(new SplittableRandom(5), first);
        zipf.draw(new SplittableRandom(5), second);
        assertThat(second).isEqualTo(first);

        zipf.draw(new SplittableRandom(6), second);
        assertThat(second).isNotEqualTo(first);

        new ZipfTokens(1).draw(new SplittableRandom(5), first);
        assertThat(first).containsOnly(0);
    }
}
