package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;

/**
 * How the expert table of a run is built from the token frequencies of its training split.
 *
 * @param kind rule of the table
 * @param seed of a random table; the other rules have no randomness
 */
public record TableConfig(Kind kind, long seed) implements Serializable {
    /**
     * Builds the table.
     *
     * @param counts of each token in the training text, [V]
     */
    public ExpertTable build(ModelConfig model, long[] counts) {
        return switch (kind) {
            case BALANCED -> ExpertTable.balanced(counts, model.numExperts(), model.expertsPerToken());
            case RANDOM -> ExpertTable.random(counts.length, model.numExperts(), model.expertsPerToken(), seed);
            case MODULO -> ExpertTable.modulo(counts.length, model.numExperts(), model.expertsPerToken());
        };
    }

    /** The rule by which tokens get experts (Hash Layers, arXiv 2106.04426, section 2). */
    public enum Kind {
        /** The most frequent token to the emptiest expert. */
        BALANCED,
        /** A uniformly drawn expert for each token. */
        RANDOM,
        /** Token id modulo the number of experts. */
        MODULO;

        /**
         * The kind with this lower-case name.
         *
         * @throws TrainingException of kind USER if there is none
         */
        public static Kind named(String name) {
            return Arrays.stream(values())
                    .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(name))
                    .findFirst()
                    .orElseThrow(() -> new TrainingException(
                            Failure.USER, "moe.table is \"" + name + "\"; set it to balanced, random or modulo"));
        }
    }
}
