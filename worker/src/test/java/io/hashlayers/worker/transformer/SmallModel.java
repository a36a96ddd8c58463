package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.parameter.Init;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.transformer.ReferenceModel.Batch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** A model small enough for plain loops, with random parameters far from their first values, and a batch for it. */
record SmallModel(ModelConfig config, Map<String, double[]> parameters, ExpertHash hash, Batch batch) {
    private static final int VOCABULARY = 11;
    private static final int SEQUENCE = 4;
    private static final int SEQUENCES = 12; // any number of ranks up to four divides it

    /** A sparse layer behind a dense one. */
    static ModelConfig config(Activation activation, int numExperts, int expertsPerToken) {
        return config(activation, 0, List.of(1), numExperts, expertsPerToken);
    }

    static ModelConfig config(
            Activation activation, double dropout, List<Integer> sparseLayers, int numExperts, int expertsPerToken) {
        return new ModelConfig(
                VOCABULARY,
                SEQUENCE,
                2,
                6,
                7,
                2,
                activation,
                dropout,
                MixtureConfig.hash(sparseLayers, numExperts, expertsPerToken));
    }

    /** Two layers with this router each. */
    static ModelConfig config(RouterConfig router, double dropout, int numExperts, int expertsPerToken) {
        List<Integer> sparse = List.of(0, 1);
        return config(Activation.GELU, dropout, sparse, numExperts, expertsPerToken)
                .with(MixtureConfig.of(sparse, numExperts, expertsPerToken, router));
    }

    /** One of each kind, with what makes a difference to memory and exchanges. */
    static List<RouterConfig> learnedRouters() {
        return List.of(
                new HashConfig(HashConfig.Combine.LEARNED, 1, 1),
                new SwitchConfig(1.1, 2, 0.01, 0.1, SwitchConfig.Reads.HIDDEN),
                new SwitchConfig(1.1, 2, 0.01, 0, SwitchConfig.Reads.TOKEN),
                new BaseConfig(BaseConfig.Assignment.AUCTION, false),
                new BaseConfig(BaseConfig.Assignment.AUCTION, true),
                new BaseConfig(BaseConfig.Assignment.AUCTION, true, 2));
    }

    /** Sparse layers of four experts that are cut into segments. */
    static ModelConfig segmented(List<Integer> sparseLayers, int segments, int sharedExperts, double expertDropout) {
        return segmented(
                0,
                new MixtureConfig(
                        sparseLayers,
                        4,
                        1,
                        Collections.nCopies(sparseLayers.size(), segments(segments)),
                        sharedExperts,
                        expertDropout));
    }

    /** A model whose widths two and three segments divide. */
    static ModelConfig segmented(double dropout, MixtureConfig mixture) {
        return new ModelConfig(VOCABULARY, SEQUENCE, 2, 6, 42, 2, Activation.GELU, dropout, mixture);
    }

    static HashConfig segments(int segments) {
        return new HashConfig(HashConfig.Combine.SUM, 1, segments);
    }

    static SmallModel random(ModelConfig config, long seed) {
        return random(config, SEQUENCES, seed);
    }

    static SmallModel random(ModelConfig config, int sequences, long seed) {
        var random = new SplittableRandom(seed);
        var parameters = new LinkedHashMap<String, double[]>();
        for (TensorSpec spec : tensors(config)) {
            double mean = spec.init() == Init.CONSTANT ? spec.scale() : 0;
            parameters.put(
                    spec.name(),
                    random.doubles(spec.size(), -0.6, 0.6)
                            .map(x -> (float) (mean + x))
                            .toArray());
        }
        ExpertHash hash = hash(config, random);
        return new SmallModel(config, parameters, hash, batch(config, sequences, hash, random));
    }

    /** A hash of random tables: of experts, or of segments if a layer has any. */
    private static ExpertHash hash(ModelConfig config, SplittableRandom random) {
        int segments = config.mixture().routers().stream()
                .mapToInt(RouterConfig::segments)
                .max()
                .orElse(1);
        List<TokenHash> parts = Stream.generate(() -> byToken(ExpertTable.random(
                        config.vocabularySize(), config.numExperts(), config.expertsPerToken(), random.nextLong())))
                .limit(segments)
                .toList();
        return segments == 1 ? parts.get(0) : new MultiHash(parts);
    }

    private static TokenHash byToken(ExpertTable table) {
        return new TokenHash(TokenFeature.CURRENT_TOKEN, table);
    }

    /** All tensors of all ranks. */
    static List<TensorSpec> tensors(ModelConfig config) {
        var layout = ParameterLayout.of(config);
        var specs = new ArrayList<>(layout.dense());
        for (int layer : config.sparseLayers()) {
            for (int expert = 0; expert < config.numExperts(); expert++) {
                specs.addAll(layout.expert(layer, expert));
            }
        }
        return specs;
    }

    /** The same model and tokens under another table. */
    SmallModel routedBy(ExpertTable other) {
        return routedBy(byToken(other));
    }

    /** The same model and tokens under another hash. */
    SmallModel routedBy(ExpertHash other) {
        return new SmallModel(
                config, parameters, other, new Batch(batch.tokens, batch.targets, units(config, other, batch.tokens)));
    }

    /** The only table of the hash. */
    ExpertTable table() {
        return hash.parts().get(0).table();
    }

    /** Units that each row visits. */
    int choices() {
        return hash.choices();
    }

    /** The placement of units, of that of experts. */
    ExpertPlacement ofUnits(ExpertPlacement placement) {
        return placement.ofUnits(hash.unitsPerExpert());
    }

    /** Values of a tensor, row after row. */
    double[] values(String name) {
        return Objects.requireNonNull(parameters.get(name), name);
    }

    /** Targets that count. */
    int targets() {
        return (int) Arrays.stream(batch.targets).filter(target -> target >= 0).count();
    }

    /** Factor that makes the sum of nats their mean. */
    float gradientScale() {
        return 1f / targets();
    }

    private static Batch batch(ModelConfig config, int sequences, ExpertHash hash, SplittableRandom random) {
        int rows = sequences * config.contextLength();
        // The larger of the ids is rarer, and one row in ten has no target.
        int[] tokens = new int[rows];
        Arrays.setAll(tokens, row -> random.nextInt(1 + random.nextInt(config.vocabularySize())));
        int[] targets = new int[rows];
        Arrays.setAll(targets, row -> random.nextInt(10) == 0 ? -1 : random.nextInt(config.vocabularySize()));
        return new Batch(tokens, targets, units(config, hash, tokens));
    }

    private static int[] units(ModelConfig config, ExpertHash hash, int[] tokens) {
        int[] units = new int[tokens.length * hash.choices()];
        var rows = new TokenRows(tokens, new int[0], new int[0], config.vocabularySize(), config.contextLength());
        hash.expertsOf(rows, tokens.length, units);
        return units;
    }
}
