package io.hashlayers.driver.gang;

import java.util.Arrays;

/**
 * The simplest language model, to compare with: each token by its frequency in the training split,
 * {@code p(t) = (c(t) + 1) / (N + V)}; the added one keeps tokens that were never seen possible (Laplace).
 */
public final class UnigramModel {
    private final long[] counts;
    private final double total;

    /**
     * @param counts occurrences of each token in the training split, [V]
     */
    public UnigramModel(long[] counts) {
        this.counts = counts.clone();
        this.total = Arrays.stream(counts).sum() + (double) counts.length;
    }

    /**
     * The perplexity of a text under this model.
     *
     * @param text occurrences of each token in it, [V], at least one in all
     */
    public double perplexity(long[] text) {
        double nats = 0;
        long tokens = 0;
        for (int token = 0; token < text.length; token++) {
            nats -= text[token] * Math.log((counts[token] + 1) / total);
            tokens += text[token];
        }
        return Math.exp(nats / tokens);
    }
}
