package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;

/**
 * How the expert tables of a run are built from the values of its training split.
 *
 * @param kind rule of the table
 * @param seed of a random table; the other rules have no randomness
 * @param feature what of a token the table has experts for
 * @param perLayer whether each sparse layer has a table of its own
 */
public record TableConfig(Kind kind, long seed, TokenFeature feature, boolean perLayer) implements Serializable {
    /** One table of current tokens for all layers. */
    public static TableConfig of(Kind kind, long seed) {
        return new TableConfig(kind, seed, TokenFeature.CURRENT_TOKEN, false);
    }

    /**
     * Builds a table.
     *
     * @param counts of each value in the training text, [V]
     * @param number of the table in its run, from 0: those of different numbers differ, if the rule allows
     */
    public ExpertTable build(ModelConfig model, long[] counts, int number) {
        int experts = model.numExperts();
        int k = model.expertsPerToken();
        return switch (kind) {
            case BALANCED ->
                number == 0
                        ? ExpertTable.balanced(counts, experts, k)
                        : ExpertTable.balanced(counts, experts, k, number);
            case RANDOM -> ExpertTable.random(counts.length, experts, k, seed + number);
            case MODULO -> ExpertTable.modulo(counts.length, experts, k);
        };
    }

    /** The rule by which values get experts (Hash Layers, arXiv 2106.04426, section 2). */
    public enum Kind {
        /** The most frequent value to the emptiest expert. */
        BALANCED,
        /** A uniformly drawn expert for each value. */
        RANDOM,
        /** The value modulo the number of experts. */
        MODULO
    }
}
