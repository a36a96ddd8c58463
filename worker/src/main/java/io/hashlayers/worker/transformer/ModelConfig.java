package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.router.RouterConfig;
import java.io.Serializable;
import java.util.List;

/**
 * Size and shape of the model: a decoder-only pre-norm Transformer with learned positions and tied embeddings.
 *
 * @param vocabularySize {@code V}
 * @param contextLength {@code S}, tokens of a sequence
 * @param layers number of blocks
 * @param modelDim {@code D}
 * @param ffnDim {@code F}, inner width of the dense FFN and of each expert
 * @param heads attention heads; divides modelDim
 * @param activation of the dense FFNs and of the experts
 * @param dropout probability, 0 for none
 * @param mixture its layers of experts
 */
public record ModelConfig(
        int vocabularySize,
        int contextLength,
        int layers,
        int modelDim,
        int ffnDim,
        int heads,
        Activation activation,
        double dropout,
        MixtureConfig mixture)
        implements Serializable {
    public ModelConfig {
        requirePositive("model.vocabulary-size", vocabularySize);
        requirePositive("model.context-length", contextLength);
        requirePositive("model.layers", layers);
        requirePositive("model.dim", modelDim);
        requirePositive("model.ffn-dim", ffnDim);
        requirePositive("model.heads", heads);
        if (modelDim % heads != 0) {
            throw user("model.dim is %d, which model.heads = %d does not divide; change one of them"
                    .formatted(modelDim, heads));
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw user("model.dropout is " + dropout + "; set it to 0 or more and less than 1");
        }
        int previous = -1;
        for (int layer : mixture.layers()) {
            if (layer <= previous || layer >= layers) {
                throw user("moe.layers is %s; give ascending block numbers from 0 to %d, each once"
                        .formatted(mixture.layers(), layers - 1));
            }
            previous = layer;
        }
        for (RouterConfig router : mixture.routers()) {
            requireSegments("model.dim", modelDim, router.segments());
            requireSegments("model.ffn-dim", ffnDim, router.segments());
        }
    }

    /** Ascending indices, from 0, of the blocks whose FFN is a layer of experts. */
    public List<Integer> sparseLayers() {
        return mixture.layers();
    }

    /** {@code E}, experts of each sparse layer in the whole cluster. */
    public int numExperts() {
        return mixture.numExperts();
    }

    /** {@code k}, experts that a token visits. */
    public int expertsPerToken() {
        return mixture.expertsPerToken();
    }

    /** Whether the FFN of this block is a layer of experts. */
    public boolean sparse(int layer) {
        return mixture.layers().contains(layer);
    }

    /**
     * What a layer of experts routes by.
     *
     * @throws IllegalArgumentException if the layer is dense
     */
    public RouterConfig router(int layer) {
        int index = mixture.layers().indexOf(layer);
        if (index < 0) {
            throw new IllegalArgumentException("layer " + layer + " is dense");
        }
        return mixture.routers().get(index);
    }

    /** The model with a dense network in place of each layer of experts: for one expert a token, the same operations. */
    public ModelConfig dense() {
        return with(mixture.none());
    }

    /** The model with other layers of experts. */
    public ModelConfig with(MixtureConfig newMixture) {
        return new ModelConfig(
                vocabularySize, contextLength, layers, modelDim, ffnDim, heads, activation, dropout, newMixture);
    }

    private static void requireSegments(String key, int width, int segments) {
        if (width % segments != 0) {
            throw user("%s is %d, which moe.segments = %d does not divide; change one of them"
                    .formatted(key, width, segments));
        }
    }

    private static void requirePositive(String key, int value) {
        if (value < 1) {
            throw user(key + " is " + value + "; set it to 1 or more");
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
