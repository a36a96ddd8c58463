package io.hashlayers.peer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The model as a PyTorch user writes it: fused attention, fused layer norm, matrix products with bias, autograd. Linear weights
 * are [in, out].
 */
final class PeerModel {
    private static final double EPSILON = 1e-5;

    private final JsonNode config;
    private final Map<String, Tensor> parameters;
    private final PeerBatch batch;
    private final int dim;
    private final int heads;
    private final int length;

    PeerModel(JsonNode config, Map<String, Tensor> parameters, PeerBatch batch) {
        this.config = config;
        this.parameters = parameters;
        this.batch = batch;
        this.dim = config.get("modelDim").asInt();
        this.heads = config.get("heads").asInt();
        this.length = config.get("contextLength").asInt();
    }

    /** Mean nats of a token. */
    Tensor loss() {
        Tensor embedded =
                torch.embedding(get("token_embedding.weight"), batch.tokens).add(get("position_embedding.weight"));
        Tensor x = embedded.reshape(-1, dim);
        for (int layer = 0; layer < config.get("layers").asInt(); layer++) {
            String prefix = "h." + layer;
            x = x.add(attention(prefix + ".attention", norm(prefix + ".attention_norm", x)));
            Tensor normed = norm(prefix + ".ffn_norm", x);
            x = x.add(sparse(layer) ? experts(prefix, normed) : feedForward(prefix + ".ffn", normed));
        }
        Tensor logits =
                norm("final_norm", x).matmul(get("token_embedding.weight").t());
        return torch.cross_entropy_loss(logits, batch.targets);
    }

    private boolean sparse(int layer) {
        for (JsonNode sparse : config.get("sparseLayers")) {
            if (sparse.asInt() == layer) {
                return true;
            }
        }
        return false;
    }

    private Tensor attention(String prefix, Tensor x) {
        Tensor qkv = linear(prefix + ".qkv", x)
                .view(-1, length, 3, heads, dim / heads)
                .permute(2, 0, 3, 1, 4); // [3, B, heads, S, D / heads]
        Tensor attended = torch.scaled_dot_product_attention(
                qkv.select(0, 0),
                qkv.select(0, 1),
                qkv.select(0, 2),
                new TensorOptional(),
                0,
                true,
                new DoubleOptional(),
                false);
        return linear(prefix + ".projection", attended.transpose(1, 2).reshape(-1, dim));
    }

    private Tensor experts(String prefix, Tensor x) {
        TensorVector rows = torch.split_with_sizes(x.index_select(0, batch.order), batch.counts, 0);
        TensorVector answers = new TensorVector();
        for (int expert = 0; expert < batch.counts.length; expert++) {
            if (batch.counts[expert] > 0) {
                answers.push_back(feedForward(prefix + ".experts." + expert, rows.get(expert)));
            }
        }
        return torch.cat(answers, 0).index_select(0, batch.places);
    }

    private Tensor feedForward(String prefix, Tensor x) {
        Tensor inner = linear(prefix + ".up", x);
        Tensor hidden =
                config.get("activation").asText().equals("RELU") ? torch.relu(inner) : torch.gelu(inner, "tanh");
        return linear(prefix + ".down", hidden);
    }

    private Tensor linear(String prefix, Tensor x) {
        return torch.addmm(get(prefix + ".bias"), x, get(prefix + ".weight"));
    }

    private Tensor norm(String prefix, Tensor x) {
        return torch.layer_norm(
                x,
                new long[] {dim},
                new TensorOptional(get(prefix + ".weight")),
                new TensorOptional(get(prefix + ".bias")),
                EPSILON,
                false);
    }

    private Tensor get(String name) {
        Tensor parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("weights.safetensors has no tensor " + name);
        }
        return parameter;
    }
}
