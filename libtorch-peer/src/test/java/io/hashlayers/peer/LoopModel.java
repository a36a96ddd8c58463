package io.hashlayers.peer;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;

/** The model in float64, one row and one number at a time. */
final class LoopModel {
    private final Map<String, double[]> weights;
    private final int dim;
    private final int heads;
    private final int length;
    private final DoubleUnaryOperator activation;

    LoopModel(Map<String, double[]> weights, int dim, int heads, int length, DoubleUnaryOperator activation) {
        this.weights = weights;
        this.dim = dim;
        this.heads = heads;
        this.length = length;
        this.activation = activation;
    }

    /** Mean nats of a token; {@code table} holds the expert of each token id. */
    double loss(long[] tokens, long[] targets, int layers, List<Integer> sparse, long[] table) {
        double nats = 0;
        for (int start = 0; start < tokens.length; start += length) {
            double[][] x = embed(Arrays.copyOfRange(tokens, start, start + length));
            for (int layer = 0; layer < layers; layer++) {
                attend("h." + layer, x);
                for (int row = 0; row < length; row++) {
                    String network = sparse.contains(layer) ? "experts." + table[(int) tokens[start + row]] : "ffn";
                    feedForward("h." + layer, network, x[row]);
                }
            }
            for (int row = 0; row < length; row++) {
                nats += nats(norm("final_norm", x[row]), (int) targets[start + row]);
            }
        }
        return nats / tokens.length;
    }

    private double[][] embed(long[] sequence) {
        double[][] x = new double[length][dim];
        for (int row = 0; row < length; row++) {
            for (int i = 0; i < dim; i++) {
                x[row][i] = get("token_embedding.weight")[(int) sequence[row] * dim + i]
                        + get("position_embedding.weight")[row * dim + i];
            }
        }
        return x;
    }

    private void attend(String prefix, double[][] x) {
        double[][] qkv = new double[length][];
        for (int row = 0; row < length; row++) {
            qkv[row] = linear(prefix + ".attention.qkv", norm(prefix + ".attention_norm", x[row]));
        }
        for (int row = 0; row < length; row++) {
            double[] mixed = new double[dim];
            for (int head = 0; head < heads; head++) {
                mix(qkv, row, head * (dim / heads), mixed);
            }
            add(x[row], linear(prefix + ".attention.projection", mixed));
        }
    }

    /** One head, which begins at column {@code from} of queries, keys and values. */
    private void mix(double[][] qkv, int row, int from, double[] mixed) {
        int width = dim / heads;
        double[] weight = new double[row + 1];
        double sum = 0;
        for (int key = 0; key <= row; key++) {
            double score = 0;
            for (int i = from; i < from + width; i++) {
                score += qkv[row][i] * qkv[key][dim + i];
            }
            weight[key] = Math.exp(score / Math.sqrt(width));
            sum += weight[key];
        }
        for (int key = 0; key <= row; key++) {
            for (int i = from; i < from + width; i++) {
                mixed[i] += weight[key] / sum * qkv[key][2 * dim + i];
            }
        }
    }

    private void feedForward(String prefix, String network, double[] x) {
        double[] inner = linear(prefix + "." + network + ".up", norm(prefix + ".ffn_norm", x));
        double[] hidden = Arrays.stream(inner).map(activation).toArray();
        add(x, linear(prefix + "." + network + ".down", hidden));
    }

    private double nats(double[] x, int target) {
        double[] table = get("token_embedding.weight");
        double sum = 0;
        double logitOfTarget = 0;
        for (int id = 0; id < table.length / dim; id++) {
            double logit = 0;
            for (int i = 0; i < dim; i++) {
                logit += x[i] * table[id * dim + i];
            }
            sum += Math.exp(logit);
            logitOfTarget = id == target ? logit : logitOfTarget;
        }
        return Math.log(sum) - logitOfTarget;
    }

    private double[] linear(String name, double[] x) {
        double[] weight = get(name + ".weight"); // [in, out]
        double[] y = get(name + ".bias").clone();
        for (int in = 0; in < x.length; in++) {
            for (int out = 0; out < y.length; out++) {
                y[out] += x[in] * weight[in * y.length + out];
            }
        }
        return y;
    }

    private double[] norm(String name, double[] x) {
        double mean = Arrays.stream(x).sum() / dim;
        double variance =
                Arrays.stream(x).map(value -> (value - mean) * (value - mean)).sum() / dim;
        double[] y = new double[dim];
        for (int i = 0; i < dim; i++) {
            y[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5) * get(name + ".weight")[i] + get(name + ".bias")[i];
        }
        return y;
    }

    private static void add(double[] to, double[] more) {
        for (int i = 0; i < to.length; i++) {
            to[i] += more[i];
        }
    }

    private double[] get(String name) {
        return Objects.requireNonNull(weights.get(name), name);
    }
}
