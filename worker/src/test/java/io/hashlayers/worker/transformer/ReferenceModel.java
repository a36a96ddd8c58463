package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Activation;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The model written in plain float64 loops over one process, to be compared with; forward only. Its gradient is taken by
 * {@link #derivative}, so no backward pass is trusted anywhere.
 */
final class ReferenceModel {
    private static final double STEP = 1e-5;

    private final ModelConfig config;
    private final Map<String, double[]> parameters;
    private final Mixing mixing;
    private final Mask mask;
    private final ExpertMask expertMask;

    /** Weight of an expert's answer, of the experts that the batch names. */
    interface Gate {
        double of(int layer, int expert, double[] x);
    }

    /** What a router does. */
    interface Mixing {
        /**
         * Weight of every expert's answer for each row, [R][E]; 0 where a row does not go.
         *
         * @param x what the experts read, [R][D]
         */
        double[][] weights(int layer, double[][] x, Batch batch);

        /** What the routers of all layers add to the sum of nats, in the forward pass that was last. */
        default double penalty() {
            return 0;
        }
    }

    /** Factor of an element inside an expert or a segment of one, for its rows in order. */
    interface ExpertMask {
        double of(int layer, int unit, int number, int col);
    }

    /** Factor of an element at a place of the residual stream. */
    interface Mask {
        double of(int place, int row, int col);
    }

    /** Tokens [R] and their targets [R], and the expert or segment of each (row, choice), [R k]. */
    static final class Batch {
        final int[] tokens;
        final int[] targets;
        final int[] experts;

        Batch(int[] tokens, int[] targets, int[] experts) {
            this.tokens = tokens;
            this.targets = targets;
            this.experts = experts;
        }
    }

    ReferenceModel(ModelConfig config, Map<String, double[]> parameters) {
        this(config, parameters, (layer, expert, x) -> 1, (place, row, col) -> 1);
    }

    ReferenceModel(ModelConfig config, Map<String, double[]> parameters, Gate gate, Mask mask) {
        this(config, parameters, byBatch(config, gate), mask, (layer, expert, number, col) -> 1);
    }

    ReferenceModel(
            ModelConfig config, Map<String, double[]> parameters, Mixing mixing, Mask mask, ExpertMask expertMask) {
        this.config = config;
        this.parameters = parameters;
        this.mixing = mixing;
        this.mask = mask;
        this.expertMask = expertMask;
    }

    private static Mixing byBatch(ModelConfig config, Gate gate) {
        return (layer, x, batch) -> {
            double[][] weights = new double[x.length][config.numExperts()];
            int k = config.expertsPerToken();
            for (int choice = 0; choice < x.length * k; choice++) {
                int expert = batch.experts[choice];
                weights[choice / k][expert] = gate.of(layer, expert, x[choice / k]);
            }
            return weights;
        };
    }

    /** What is trained on: the sum of nats and what routers add to it. */
    double loss(Batch batch) {
        return nats(batch) + mixing.penalty();
    }

    /** Sum of nats over the rows with a target. */
    double nats(Batch batch) {
        double[][] logits = logits(batch);
        double nats = 0;
        for (int row = 0; row < logits.length; row++) {
            if (batch.targets[row] >= 0) {
                nats += logSumExp(logits[row]) - logits[row][batch.targets[row]];
            }
        }
        return nats;
    }

    /** Logits of every row, [R][V]. */
    double[][] logits(Batch batch) {
        double[][] x = embed(batch.tokens);
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "h." + layer;
            x = join(x, attention(norm(x, block + ".attention_norm"), block + ".attention"), 1 + 2 * layer);
            x = join(x, feedForward(norm(x, block + ".ffn_norm"), layer, batch), 2 + 2 * layer);
        }
        double[] embedding = parameter("token_embedding.weight");
        double[][] logits = new double[x.length][config.vocabularySize()];
        double[][] normed = norm(x, "final_norm");
        for (int row = 0; row < x.length; row++) {
            for (int token = 0; token < config.vocabularySize(); token++) {
                for (int i = 0; i < config.modelDim(); i++) {
                    logits[row][token] += normed[row][i] * embedding[token * config.modelDim() + i];
                }
            }
        }
        return logits;
    }

    /** Central difference of the loss along {@code direction} in one tensor. */
    double derivative(Batch batch, String name, double[] direction) {
        double[] values = parameter(name);
        double[] saved = values.clone();
        Arrays.setAll(values, i -> saved[i] + STEP * direction[i]);
        double above = loss(batch);
        Arrays.setAll(values, i -> saved[i] - STEP * direction[i]);
        double below = loss(batch);
        System.arraycopy(saved, 0, values, 0, saved.length);
        return (above - below) / (2 * STEP);
    }

    /** Central difference of the loss for one element of one tensor. */
    double derivative(Batch batch, String name, int element) {
        double[] direction = new double[parameter(name).length];
        direction[element] = 1;
        return derivative(batch, name, direction);
    }

    private double[][] embed(int[] tokens) {
        int dim = config.modelDim();
        double[] tokenTable = parameter("token_embedding.weight");
        double[] positionTable = parameter("position_embedding.weight");
        double[][] x = new double[tokens.length][dim];
        for (int row = 0; row < tokens.length; row++) {
            int position = row % config.contextLength();
            for (int i = 0; i < dim; i++) {
                double embedded = tokenTable[tokens[row] * dim + i] + positionTable[position * dim + i];
                x[row][i] = mask.of(0, row, i) * embedded;
            }
        }
        return x;
    }

    private double[][] join(double[][] x, double[][] branch, int place) {
        double[][] out = new double[x.length][config.modelDim()];
        for (int row = 0; row < x.length; row++) {
            for (int i = 0; i < config.modelDim(); i++) {
                out[row][i] = x[row][i] + mask.of(place, row, i) * branch[row][i];
            }
        }
        return out;
    }

    private double[][] norm(double[][] x, String name) {
        double[] gamma = parameter(name + ".weight");
        double[] beta = parameter(name + ".bias");
        return Arrays.stream(x).map(row -> norm(row, gamma, beta)).toArray(double[][]::new);
    }

    private static double[] norm(double[] x, double[] gamma, double[] beta) {
        double mean = Arrays.stream(x).average().orElseThrow();
        double variance =
                Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double[] y = new double[x.length];
        Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(variance + 1e-5) * gamma[i] + beta[i]);
        return y;
    }

    private double[][] attention(double[][] x, String name) {
        double[][] qkv = Arrays.stream(x).map(row -> linear(row, name + ".qkv")).toArray(double[][]::new);
        double[][] attended = new double[x.length][config.modelDim()];
        for (int row = 0; row < x.length; row++) {
            for (int head = 0; head < config.heads(); head++) {
                attend(qkv, row, head, attended[row]);
            }
        }
        return Arrays.stream(attended)
                .map(row -> linear(row, name + ".projection"))
                .toArray(double[][]::new);
    }

    private void attend(double[][] qkv, int row, int head, double[] out) {
        int dim = config.modelDim();
        int width = dim / config.heads();
        int first = row - row % config.contextLength();
        double[] scores = new double[row - first + 1];
        for (int key = first; key <= row; key++) {
            for (int i = head * width; i < (head + 1) * width; i++) {
                scores[key - first] += qkv[row][i] * qkv[key][dim + i] / Math.sqrt(width);
            }
        }
        double total = logSumExp(scores);
        for (int key = first; key <= row; key++) {
            for (int i = head * width; i < (head + 1) * width; i++) {
                out[i] += Math.exp(scores[key - first] - total) * qkv[key][2 * dim + i];
            }
        }
    }

    private double[][] feedForward(double[][] x, int layer, Batch batch) {
        if (!config.sparse(layer)) {
            return Arrays.stream(x)
                    .map(row -> network(row, "h." + layer + ".ffn"))
                    .toArray(double[][]::new);
        }
        if (config.router(layer).segments() > 1) {
            return ofSegments(x, layer, batch);
        }
        double[][] weights = mixing.weights(layer, x, batch);
        double[][] out = new double[x.length][config.modelDim()];
        int[] rowsOf = new int[config.numExperts()];
        for (int row = 0; row < x.length; row++) {
            if (config.mixture().sharedExperts() > 0) {
                addTo(out[row], 1, network(x[row], "h." + layer + ".shared"));
            }
            for (int expert = 0; expert < weights[row].length; expert++) {
                if (weights[row][expert] != 0) {
                    addTo(out[row], weights[row][expert], expert(x[row], layer, expert, rowsOf[expert]++));
                }
            }
        }
        return out;
    }

    /** MultiHash: N hashes choose one segment each, unit e N + m, of what is hidden and of the answer. */
    private double[][] ofSegments(double[][] x, int layer, Batch batch) {
        int n = config.router(layer).segments();
        int[] rowsOf = new int[config.numExperts() * n];
        double[][] out = new double[x.length][];
        for (int row = 0; row < x.length; row++) {
            double[] hidden = new double[0];
            for (int m = 0; m < n; m++) {
                int unit = batch.experts[row * n + m];
                double[] part = hidden(x[row], segment(layer, unit, n, m), layer, unit, rowsOf[unit]++);
                hidden = joined(hidden, part);
            }
            double[] answer = new double[0];
            for (int m = 0; m < n; m++) {
                String name = segment(layer, batch.experts[row * n + m], n, m);
                answer = joined(answer, linear(hidden, name + ".down"));
            }
            out[row] = answer;
            if (config.mixture().sharedExperts() > 0) {
                addTo(out[row], 1, network(x[row], "h." + layer + ".shared"));
            }
        }
        return out;
    }

    private static String segment(int layer, int unit, int n, int m) {
        if (unit % n != m) {
            throw new IllegalArgumentException("choice " + m + " is unit " + unit + " of experts of " + n);
        }
        return "h." + layer + ".experts." + unit / n + ".segments." + m;
    }

    private static double[] joined(double[] a, double[] b) {
        return DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
    }

    private static void addTo(double[] sum, double weight, double[] x) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += weight * x[i];
        }
    }

    private double[] expert(double[] x, int layer, int expert, int number) {
        String name = "h." + layer + ".experts." + expert;
        double[] sum = linear(hidden(x, name, layer, expert, number), name + ".down");
        for (int sublayer = 1; sublayer < config.mixture().sublayers(); sublayer++) {
            String behind = name + ".sublayers." + sublayer;
            double[] stream = x.clone();
            addTo(stream, 1, sum);
            double[] normed = norm(stream, parameter(behind + ".norm.weight"), parameter(behind + ".norm.bias"));
            int unit = expert + sublayer * config.numExperts();
            addTo(sum, 1, linear(hidden(normed, behind, layer, unit, number), behind + ".down"));
        }
        return sum;
    }

    private double[] hidden(double[] x, String name, int layer, int unit, int number) {
        double[] hidden =
                Arrays.stream(linear(x, name + ".up")).map(this::activate).toArray();
        Arrays.setAll(hidden, col -> hidden[col] * expertMask.of(layer, unit, number, col));
        return hidden;
    }

    private double[] network(double[] x, String name) {
        double[] hidden = linear(x, name + ".up");
        return linear(Arrays.stream(hidden).map(this::activate).toArray(), name + ".down");
    }

    private double activate(double x) {
        return config.activation() == Activation.RELU
                ? Math.max(0, x)
                : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    private double[] linear(double[] x, String name) {
        double[] weight = parameter(name + ".weight");
        double[] y = parameter(name + ".bias").clone();
        for (int in = 0; in < x.length; in++) {
            for (int out = 0; out < y.length; out++) {
                y[out] += x[in] * weight[in * y.length + out];
            }
        }
        return y;
    }

    private double[] parameter(String name) {
        double[] values = parameters.get(name);
        if (values == null) {
            throw new IllegalArgumentException("no tensor " + name);
        }
        return values;
    }

    private static double logSumExp(double[] x) {
        double max = Arrays.stream(x).max().orElseThrow();
        return max
                + Math.log(IntStream.range(0, x.length)
                        .mapToDouble(i -> Math.exp(x[i] - max))
                        .sum());
    }
}
