package io.hashlayers.driver.bench;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Token ids drawn independently from Zipf's law: the token of rank {@code r} has probability proportional to {@code 1 / r}.
 *
 * <p>Natural text is close to this law, so the load of the experts is realistic.
 */
final class ZipfTokens {
    private final double[] cumulative; // [V], ascending to 1

    ZipfTokens(int vocabularySize) {
        cumulative = new double[vocabularySize];
        double sum = 0;
        for (int token = 0; token < vocabularySize; token++) {
            sum += 1.0 / (token + 1);
            cumulative[token] = sum;
        }
        for (int token = 0; token < vocabularySize; token++) {
            cumulative[token] /= sum;
        }
    }

    /** Expected counts in a corpus of {@code total} tokens, [V]. */
    long[] expectedCounts(long total) {
        long[] counts = new long[cumulative.length];
        double below = 0;
        for (int token = 0; token < counts.length; token++) {
            counts[token] = Math.round((cumulative[token] - below) * total);
            below = cumulative[token];
        }
        return counts;
    }

    /** Fills {@code tokens} with draws from the generator. */
    void draw(SplittableRandom random, int[] tokens) {
        for (int i = 0; i < tokens.length; i++) {
            int found = Arrays.binarySearch(cumulative, random.nextDouble());
            tokens[i] = Math.min(cumulative.length - 1, found >= 0 ? found : -found - 1);
        }
    }
}
