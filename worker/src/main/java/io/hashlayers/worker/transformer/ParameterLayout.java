package io.hashlayers.worker.transformer;

import io.hashlayers.worker.parameter.TensorList;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.RouterConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of a model: names, shapes, first values and places, for all ranks the same. Allocates none of them.
 *
 * <p>Two kinds: <em>dense</em> tensors, of which every rank has a copy, in one flat group; and the tensors of <em>experts</em>,
 * each expert a flat run of {@link #expertParameters} floats on the one rank that holds it. Where hashes choose segments, an
 * expert is its {@code N} segments one behind the other, each with an N-th of the columns of both matrices. Networks behind the
 * first one of an expert have a norm of their own.
 *
 * <p>First values are those of GPT-2 (Radford et al. 2019): normal with standard deviation 0.02, the projections that end a
 * residual branch divided by {@code sqrt(2 layers)}, biases 0 and norm gains 1. Linear weights are [in, out].
 *
 * <p>With {@code B = 4 D^2 + 8 D + ffn}, {@code ffn = 2 D F + F + D}: total = {@code V D + S D + 2 D + layers B +
 * sparseLayers (E - 1) ffn}, where experts are one network each.
 */
public final class ParameterLayout {
    /** Name of the tensor of token embeddings, [V, D]. */
    public static final String TOKEN_EMBEDDING = "token_embedding.weight";

    static final String POSITION_EMBEDDING = "position_embedding.weight";
    static final String FINAL_NORM = "final_norm";

    private static final double STANDARD_DEVIATION = 0.02;

    private final ModelConfig config;
    private final List<TensorSpec> dense;

    private ParameterLayout(ModelConfig config) {
        this.config = config;
        this.dense = denseTensors();
    }

    public static ParameterLayout of(ModelConfig config) {
        return new ParameterLayout(config);
    }

    public ModelConfig config() {
        return config;
    }

    /** The tensors that every rank has, in the order of their offsets. */
    public List<TensorSpec> dense() {
        return dense;
    }

    /**
     * The tensors of one expert, in the order of their offsets, which count from the start of the expert.
     *
     * @throws IllegalArgumentException if the layer is not sparse or has no such expert
     */
    public List<TensorSpec> expert(int layer, int expert) {
        if (!config.sparse(layer) || expert < 0 || expert >= config.numExperts()) {
            throw new IllegalArgumentException("no expert " + expert + " in layer " + layer + "; sparse layers are "
                    + config.sparseLayers() + " of " + config.numExperts() + " experts each");
        }
        var tensors = new TensorList();
        RouterConfig router = config.router(layer);
        double downDeviation = router.silentExperts() ? 0 : residualDeviation();
        for (int segment = 0; segment < router.segments(); segment++) {
            String prefix = segmentPrefix(layer, expert, router.segments(), segment);
            segment(tensors, prefix, router.segments(), downDeviation);
        }
        furtherSublayers(tensors, expertPrefix(layer, expert), downDeviation);
        return tensors.list();
    }

    /** The tensors of all ranks: those that every rank has, then those of the experts, layer by layer. */
    public List<TensorSpec> all() {
        var all = new ArrayList<>(dense);
        for (int layer : config.sparseLayers()) {
            for (int expert = 0; expert < config.numExperts(); expert++) {
                all.addAll(expert(layer, expert));
            }
        }
        return all;
    }

    /** Parameters of the dense group. */
    public long denseParameters() {
        return dense.stream().mapToLong(TensorSpec::size).sum();
    }

    /**
     * Offset of the first dense tensor of a block: behind it lie this block, those above it and the final norm, and before it the
     * blocks below and the embeddings.
     *
     * @param layer the number of layers stands for the final norm
     */
    public long blockStart(int layer) {
        String prefix = layer == config.layers() ? FINAL_NORM : blockPrefix(layer) + ".";
        return dense.stream()
                .filter(tensor -> tensor.name().startsWith(prefix))
                .mapToLong(TensorSpec::offset)
                .min()
                .orElseThrow(() -> new IllegalArgumentException("no block " + layer + " of " + config.layers()));
    }

    /** Parameters of one expert, in segments or whole. */
    public long expertParameters() {
        var tensors = new TensorList();
        segment(tensors, "", 1, 0);
        furtherSublayers(tensors, "", 0);
        return tensors.size();
    }

    /** Parameters of the whole model, the experts of all ranks included. */
    public long totalParameters() {
        long experts = (long) config.sparseLayers().size() * config.numExperts();
        return Math.addExact(denseParameters(), Math.multiplyExact(experts, expertParameters()));
    }

    /** Weights that a token is multiplied with: all matrices but the position table, and the experts that it visits. */
    public long multipliedWeights() {
        long matrices = dense.stream()
                .filter(tensor -> tensor.rows() > 1 && !tensor.name().equals(POSITION_EMBEDDING))
                .mapToLong(TensorSpec::size)
                .sum();
        long expert =
                2L * config.modelDim() * config.ffnDim() * config.mixture().sublayers();
        return matrices + expert * config.sparseLayers().size() * config.expertsPerToken();
    }

    static String blockPrefix(int layer) {
        return "h." + layer;
    }

    /** How the names of the tensors of a dense network begin. */
    public static String feedForwardPrefix(int layer) {
        return blockPrefix(layer) + ".ffn";
    }

    static String routerPrefix(int layer) {
        return blockPrefix(layer) + ".router";
    }

    static String sharedPrefix(int layer) {
        return blockPrefix(layer) + ".shared";
    }

    /** How the names of the tensors of an expert begin; what follows is as in a dense network. */
    public static String expertPrefix(int layer, int expert) {
        return blockPrefix(layer) + ".experts." + expert;
    }

    /**
     * Begins the names of the tensors of one of the networks of an expert; the first one is the expert itself.
     *
     * @param sublayer from 0
     */
    static String sublayerPrefix(String expertPrefix, int sublayer) {
        return sublayer == 0 ? expertPrefix : expertPrefix + ".sublayers." + sublayer;
    }

    /**
     * Begins the names of the tensors of one of an expert's segments; the only one is the expert itself.
     *
     * @param segments {@code N}, of each expert
     */
    public static String segmentPrefix(int layer, int expert, int segments, int segment) {
        return segments == 1 ? expertPrefix(layer, expert) : expertPrefix(layer, expert) + ".segments." + segment;
    }

    private List<TensorSpec> denseTensors() {
        int dim = config.modelDim();
        var tensors = new TensorList();
        tensors.matrix(TOKEN_EMBEDDING, config.vocabularySize(), dim, STANDARD_DEVIATION);
        tensors.matrix(POSITION_EMBEDDING, config.contextLength(), dim, STANDARD_DEVIATION);
        for (int layer = 0; layer < config.layers(); layer++) {
            String prefix = blockPrefix(layer);
            tensors.norm(prefix + ".attention_norm", dim);
            tensors.linear(prefix + ".attention.qkv", dim, Math.multiplyExact(3, dim), STANDARD_DEVIATION);
            tensors.linear(prefix + ".attention.projection", dim, dim, residualDeviation());
            tensors.norm(prefix + ".ffn_norm", dim);
            if (config.sparse(layer)) {
                besideExperts(tensors, layer);
            } else {
                feedForward(tensors, feedForwardPrefix(layer), config.ffnDim(), residualDeviation());
            }
        }
        tensors.norm(FINAL_NORM, dim);
        return tensors.list();
    }

    /** What a layer of experts has on every rank. */
    private void besideExperts(TensorList tensors, int layer) {
        config.router(layer).addTensors(tensors, routerPrefix(layer), config.modelDim(), config.numExperts());
        int shared = config.mixture().sharedExperts();
        if (shared > 0) {
            feedForward(tensors, sharedPrefix(layer), Math.multiplyExact(shared, config.ffnDim()), residualDeviation());
        }
    }

    /** Adds one of N segments of an expert: N of the columns of each matrix of a network. */
    private void segment(TensorList tensors, String prefix, int segments, double downDeviation) {
        tensors.linear(prefix + ".up", config.modelDim(), config.ffnDim() / segments, STANDARD_DEVIATION);
        tensors.linear(prefix + ".down", config.ffnDim(), config.modelDim() / segments, downDeviation);
    }

    /** Adds the networks of an expert behind its first one, each with its norm. */
    private void furtherSublayers(TensorList tensors, String expertPrefix, double downDeviation) {
        for (int sublayer = 1; sublayer < config.mixture().sublayers(); sublayer++) {
            String prefix = sublayerPrefix(expertPrefix, sublayer);
            tensors.norm(prefix + ".norm", config.modelDim());
            feedForward(tensors, prefix, config.ffnDim(), downDeviation);
        }
    }

    private void feedForward(TensorList tensors, String prefix, int innerDim, double downDeviation) {
        tensors.linear(prefix + ".up", config.modelDim(), innerDim, STANDARD_DEVIATION);
        tensors.linear(prefix + ".down", innerDim, config.modelDim(), downDeviation);
    }

    private double residualDeviation() {
        return STANDARD_DEVIATION / Math.sqrt(2.0 * config.layers());
    }
}
