package io.hashlayers.sharding.hash;

import java.io.Serializable;

/**
 * What of a token is hashed: a whole number computed from the token ids alone, so that it is known before the forward pass.
 *
 * <p>Implementations are stateless and safe to share between threads.
 */
public interface TokenFeature extends Serializable {
    /** The token's own id, {@code x_t}: the hash of Hash Layers, arXiv 2106.04426. */
    TokenFeature CURRENT_TOKEN = new CurrentToken();

    /** Name in configurations, checkpoints and reports. */
    String name();

    /** Returns {@code V}: values are in {@code [0, V)} when token ids are in {@code [0, vocabularySize)}. */
    int size(int vocabularySize);

    /**
     * Returns the value of one token.
     *
     * @param tokens sequences of {@code sequenceLength} token ids one after another, the first at index 0; not changed
     * @param index of the token; its position in its sequence is {@code index % sequenceLength}
     * @param sequenceLength {@code S}
     */
    int valueAt(int[] tokens, int index, int sequenceLength);
}
