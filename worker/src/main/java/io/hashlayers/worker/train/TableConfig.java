package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.parameter.Seeds;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;
import java.util.Locale;

/**
 * How the expert tables of a run are built from the values of its training split.
 *
 * @param kind rule of the table
 * @param seed of a random table, and of the clusters of tokens; the other rules have no randomness
 * @param feature what of a token the table has experts for
 * @param perLayer whether each sparse layer has a table of its own
 * @param file of tables that were made elsewhere, any Hadoop path; empty for the others. {@link #LAYER} in the name of one of the kind
 *     {@code FILE} stands for the index of the block
 * @param clustersFrom folder of the run whose token embeddings are clustered; empty where none are
 * @param predictionsFrom folder of the run that predicts what the feature reads; empty where it reads no predictions
 */
public record TableConfig(
        Kind kind,
        long seed,
        TokenFeature feature,
        boolean perLayer,
        String file,
        String clustersFrom,
        String predictionsFrom)
        implements Serializable {
    /** What stands for the index of a block in the name of a file. */
    public static final String LAYER = "{layer}";

    public TableConfig {
        if (kind.ofTokens() && !feature.equals(TokenFeature.CURRENT_TOKEN)) {
            throw user("moe.table is %s, which has experts for tokens, but moe.feature is %s; set it to %s"
                    .formatted(kind.label(), feature.name(), TokenFeature.CURRENT_TOKEN.name()));
        }
        if (kind.ofFile() && file.isEmpty()) {
            throw user(
                    "moe.table is %s and moe.table-file is empty; name the file of the table".formatted(kind.label()));
        }
        if (!kind.ofFile() && !file.isEmpty()) {
            throw user(
                    "moe.table-file is %s but moe.table is %s, so that it would not be read; set moe.table to the kind of the file"
                            .formatted(file, kind.label()));
        }
        if (kind.ofClusters() && perLayer) {
            throw user("moe.table is %s, and there is one table of it for all layers; set moe.table-per-layer to false"
                    .formatted(kind.label()));
        }
        requireGiven(kind.ofClusters(), "moe.table is " + kind.label(), "moe.clusters-from", clustersFrom);
        requireGiven(
                feature.needsPrediction(), "moe.feature is " + feature.name(), "moe.predictions-from", predictionsFrom);
    }

    private static void requireGiven(boolean needed, String because, String key, String run) {
        if (needed && run.isEmpty()) {
            throw user("%s and %s is empty; name the folder of a run that trained on the same dataset"
                    .formatted(because, key));
        }
    }

    /** One table of current tokens for all layers. */
    public static TableConfig of(Kind kind, long seed) {
        return of(kind, seed, TokenFeature.CURRENT_TOKEN, false);
    }

    /** Tables that depend on nothing but the training text. */
    public static TableConfig of(Kind kind, long seed, TokenFeature feature, boolean perLayer) {
        return new TableConfig(kind, seed, feature, perLayer, "", "", "");
    }

    /** Whether there is a table for each sparse layer, by the rule or by the name of the file. */
    public boolean tableOfEachLayer() {
        return kind == Kind.FILE ? file.contains(LAYER) : perLayer;
    }

    /**
     * Requires that layers of experts can route by the tables.
     *
     * @throws TrainingException of kind USER if not, which names the key to change
     */
    public void requireFit(MixtureConfig mixture) {
        boolean hashed = mixture.routers().stream().anyMatch(HashConfig.class::isInstance);
        boolean segmented =
                mixture.routers().stream().anyMatch(router -> router instanceof HashConfig hash && hash.segments() > 1);
        if (kind.ofClusters() && hashed && mixture.expertsPerToken() > 1) {
            throw user(
                    "moe.table is %s, which has one expert for each token, but moe.experts-per-token is %d; set it to 1"
                            .formatted(kind.label(), mixture.expertsPerToken()));
        }
        if (kind == Kind.FILE && segmented) {
            throw user("moe.table-file holds one table but moe.segments hashes need one each; set moe.segments to 1");
        }
        if (kind.ofClusters() && segmented) {
            throw user("moe.table is %s, which there is one of, but each of moe.segments needs another; set it to 1"
                    .formatted(kind.label()));
        }
    }

    /**
     * Builds a table of a rule that needs nothing but counts.
     *
     * @param counts of each value in the training text, [V]
     * @param number of the table in its run, from 0: those of different numbers differ, if the rule allows
     * @throws TrainingException of kind USER if the rule needs more
     */
    public ExpertTable build(ModelConfig model, long[] counts, int number) {
        return kind.build(counts, model.numExperts(), model.expertsPerToken(), seed, number);
    }

    /** The rule by which values get experts (Hash Layers, arXiv 2106.04426, section 2). */
    public enum Kind {
        /** The most frequent value to the emptiest expert. */
        BALANCED,
        /** A uniformly drawn expert for each value. */
        RANDOM,
        /** The value modulo the number of experts. */
        MODULO,
        /** Tokens that are alike to one expert. */
        CLUSTERED,
        /** Tokens that are alike to different experts. */
        DISPERSED,
        /** As a file of ours says, such as one distilled of a learned router (StableMoE, arXiv 2204.08396). */
        FILE,
        /** As tensors of a safetensors file say: {@link io.hashlayers.worker.checkpoint.Tid2eidFile}. */
        TID2EID;

        /** Whether the rule needs clusters of tokens. */
        public boolean ofClusters() {
            return this == CLUSTERED || this == DISPERSED;
        }

        /** Whether it was made elsewhere. */
        public boolean ofFile() {
            return this == FILE || this == TID2EID;
        }

        /** Whether its values are tokens. */
        boolean ofTokens() {
            return ofClusters() || this == TID2EID;
        }

        /** Name in configurations. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Builds a table; see {@link TableConfig#build}.
         *
         * @param counts of each value in the training text, [V]
         * @param numExperts {@code E}
         * @param k experts of each value
         * @param seed of a random table
         * @param number of the table among those of a model, from 0: they differ, if the rule allows
         * @throws TrainingException of kind USER if the rule needs more
         */
        public ExpertTable build(long[] counts, int numExperts, int k, long seed, int number) {
            return switch (this) {
                case BALANCED ->
                    number == 0
                            ? ExpertTable.balanced(counts, numExperts, k)
                            : ExpertTable.balanced(counts, numExperts, k, number);
                case RANDOM ->
                    ExpertTable.random(counts.length, numExperts, k, number == 0 ? seed : Seeds.of(seed, number, 0));
                case MODULO -> ExpertTable.modulo(counts.length, numExperts, k);
                case CLUSTERED, DISPERSED, FILE, TID2EID ->
                    throw user("moe.table is " + label()
                            + ", for which the counts of a text are not enough; set it to balanced, random or modulo");
            };
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
