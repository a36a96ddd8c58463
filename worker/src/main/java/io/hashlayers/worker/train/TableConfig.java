package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
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
 * @param perLayer whether each sparse layer has a table of its own; the name of a file says it for the kind {@code FILE}
 * @param file of a table of the kind {@code FILE}, any Hadoop path; {@link #LAYER} in it stands for the index of the block
 */
public record TableConfig(Kind kind, long seed, TokenFeature feature, boolean perLayer, String file)
        implements Serializable {
    /** What stands for the index of a block in the name of a file. */
    public static final String LAYER = "{layer}";

    public TableConfig {
        if (kind == Kind.FILE && file.isEmpty()) {
            throw user("moe.table is file but moe.table-file names none; set it to the file of a table");
        }
        if (kind != Kind.FILE && !file.isEmpty()) {
            throw user(
                    "moe.table-file is %s but moe.table is not file, so that it would not be read; set moe.table to file"
                            .formatted(file));
        }
    }

    /** One table of current tokens for all layers. */
    public static TableConfig of(Kind kind, long seed) {
        return new TableConfig(kind, seed, TokenFeature.CURRENT_TOKEN, false, "");
    }

    /** Whether there is a table for each sparse layer, by the rule or by the name of the file. */
    public boolean tableOfEachLayer() {
        return kind == Kind.FILE ? file.contains(LAYER) : perLayer;
    }

    /**
     * Builds a table by any rule but {@code FILE}.
     *
     * @param counts of each value in the training text, [V]
     * @param number of the table in its run, from 0: those of different numbers differ, if the rule allows
     * @throws IllegalStateException if the table lies in a file
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
            case FILE -> throw new IllegalStateException("a table is built that lies in " + file);
        };
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }

    /** The rule by which values get experts (Hash Layers, arXiv 2106.04426, section 2). */
    public enum Kind {
        /** The most frequent value to the emptiest expert. */
        BALANCED,
        /** A uniformly drawn expert for each value. */
        RANDOM,
        /** The value modulo the number of experts. */
        MODULO,
        /** As a file says, such as one distilled of a learned router (StableMoE, arXiv 2204.08396). */
        FILE
    }
}
