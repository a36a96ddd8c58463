package io.hashlayers.dl4j;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The equations of the dense model as SameDiff operations, equal to those of the worker's own layers: positions, pre-norm
 * blocks, final norm, logits by the tied token embedding. The embedding of tokens comes before it.
 *
 * <p>Norms and GELU are put together from elementary operations. SameDiff has both as one operation, but its layer norm has no
 * epsilon inside the root, and its precise GELU cubes {@code 0.044715 x} where the formula cubes {@code x} alone.
 */
final class TransformerGraph {
    /** The name of the table that the head shares. */
    static final String TOKEN_EMBEDDING = "token_embedding.weight"; // [V, D]

    private static final double NORM_EPSILON = 1e-5;
    private static final double SQRT_8_OVER_PI = Math.sqrt(8 / Math.PI);
    private static final double GELU_CUBIC = 0.044715;

    /** Added to scores of later tokens; infinity would make the gradient of a masked score not a number. */
    private static final float MASKED = -1e9f;

    private final SameDiff graph;
    private final ModelConfig config;
    private final Map<String, SDVariable> parameters; // by our names
    private final SDVariable mask; // [S, S]

    TransformerGraph(SameDiff graph, ModelConfig config, Map<String, SDVariable> parameters) {
        this.graph = graph;
        this.config = config;
        this.parameters = parameters;
        this.mask = graph.constant("causal mask", Nd4j.createFromArray(causalMask(config.contextLength())));
    }

    /**
     * Adds the model.
     *
     * @param embedded token embeddings, [B, S, D]
     * @return logits of the token that follows each, [N, V]
     */
    SDVariable logits(SDVariable embedded) {
        SDVariable x = rows(embedded.add(parameter("position_embedding.weight")));
        for (int layer = 0; layer < config.layers(); layer++) {
            x = block(x, "h." + layer);
        }
        return graph.mmul(norm(x, "final_norm"), parameter(TOKEN_EMBEDDING), false, true, false);
    }

    /**
     * Adds the loss.
     *
     * @param logits [N, V]
     * @param targets token ids as floats, [B, S]
     * @return sum of nats over all rows, a scalar
     */
    SDVariable nats(SDVariable logits, SDVariable targets) {
        SDVariable ids = targets.castTo(DataType.INT32).reshape(-1); // [N]
        return graph.loss().sparseSoftmaxCrossEntropy(logits, ids).sum();
    }

    private SDVariable block(SDVariable x, String prefix) {
        SDVariable middle = x.add(attention(norm(x, prefix + ".attention_norm"), prefix + ".attention"));
        return middle.add(feedForward(norm(middle, prefix + ".ffn_norm"), prefix + ".ffn"));
    }

    /** {@code softmax(Q K^T / sqrt(D / H) + mask) V} for each head, between two linear layers. */
    private SDVariable attention(SDVariable x, String prefix) {
        int headDim = config.modelDim() / config.heads();
        SDVariable[] qkv = graph.split(linear(x, prefix + ".qkv"), 3, 1); // [N, D] each
        SDVariable scores = graph.mmul(heads(qkv[0]), heads(qkv[1]), false, true, false)
                .mul(1 / Math.sqrt(headDim)); // [B, H, S, S]
        SDVariable weights = graph.nn().softmax(scores.add(mask), 3);
        SDVariable attended = graph.mmul(weights, heads(qkv[2])); // [B, H, S, D / H]
        return linear(rows(attended.permute(0, 2, 1, 3)), prefix + ".projection");
    }

    private SDVariable feedForward(SDVariable x, String prefix) {
        SDVariable inner = linear(x, prefix + ".up");
        return linear(
                config.activation() == Activation.GELU
                        ? gelu(inner)
                        : graph.nn().relu(inner, 0),
                prefix + ".down");
    }

    private SDVariable linear(SDVariable x, String prefix) {
        return x.mmul(parameter(prefix + ".weight")).add(parameter(prefix + ".bias"));
    }

    private SDVariable norm(SDVariable x, String prefix) {
        SDVariable centred = x.sub(x.mean(true, 1));
        SDVariable variance = centred.mul(centred).mean(true, 1); // [N, 1]
        return centred.div(graph.math().sqrt(variance.add(NORM_EPSILON)))
                .mul(parameter(prefix + ".weight"))
                .add(parameter(prefix + ".bias"));
    }

    // 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as x sigmoid(2 u)
    private SDVariable gelu(SDVariable x) {
        SDVariable doubled = x.mul(x).mul(GELU_CUBIC).add(1).mul(x).mul(SQRT_8_OVER_PI);
        return x.mul(graph.nn().sigmoid(doubled));
    }

    /** Anything of the stream to [N, D]. */
    private SDVariable rows(SDVariable x) {
        return x.reshape(-1, config.modelDim());
    }

    /** [N, D] to [B, H, S, D / H]. */
    private SDVariable heads(SDVariable x) {
        return x.reshape(-1, config.contextLength(), config.heads(), config.modelDim() / config.heads())
                .permute(0, 2, 1, 3);
    }

    private SDVariable parameter(String name) {
        SDVariable parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("the model has no tensor " + name);
        }
        return parameter;
    }

    private static float[][] causalMask(int length) {
        float[][] mask = new float[length][length];
        for (int row = 0; row < length; row++) {
            Arrays.fill(mask[row], row + 1, length, MASKED);
        }
        return mask;
    }
}
