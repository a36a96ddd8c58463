package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.hash.ExpertTable;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** A model small enough for plain loops, with random parameters far from their first values, and a batch for it. */
record SmallModel(ModelConfig config, Map<String, double[]> parameters, ExpertTable table, Batch batch) {
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
                new BaseConfig(BaseConfig.Assignment.AUCTION, true));
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
        ExpertTable table = ExpertTable.random(
                config.vocabularySize(), config.numExperts(), config.expertsPerToken(), random.nextLong());
        return new SmallModel(config, parameters, table, batch(config, sequences, table, random));
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
        return new SmallModel(
                config, parameters, other, new Batch(batch.tokens, batch.targets, experts(other, batch.tokens)));
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

    private static Batch batch(ModelConfig config, int sequences, ExpertTable table, SplittableRandom random) {
        int rows = sequences * config.contextLength();
        // The larger of the ids is rarer, and one row in ten has no target.
        int[] tokens = new int[rows];
        Arrays.setAll(tokens, row -> random.nextInt(1 + random.nextInt(config.vocabularySize())));
        int[] targets = new int[rows];
        Arrays.setAll(targets, row -> random.nextInt(10) == 0 ? -1 : random.nextInt(config.vocabularySize()));
        return new Batch(tokens, targets, experts(table, tokens));
    }

    private static int[] experts(ExpertTable table, int[] tokens) {
        int k = table.expertsPerToken();
        int[] experts = new int[tokens.length * k];
        Arrays.setAll(experts, i -> table.expert(tokens[i / k], i % k));
        return experts;
    }
}
