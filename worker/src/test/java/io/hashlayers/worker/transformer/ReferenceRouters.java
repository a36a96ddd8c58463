package io.hashlayers.worker.transformer;

import io.hashlayers.worker.transformer.ReferenceModel.Batch;
import io.hashlayers.worker.transformer.ReferenceModel.Mixing;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** The routers written from their equations in plain float64 loops over the whole batch. */
final class ReferenceRouters {
    private final ModelConfig config;
    private final Map<String, double[]> parameters;

    ReferenceRouters(ModelConfig config, Map<String, double[]> parameters) {
        this.config = config;
        this.parameters = parameters;
    }

    /** A hash whose answers are averaged. */
    Mixing averaged() {
        return (layer, x, batch) -> chosen(x, batch.experts, (row, expert) -> 1.0 / config.expertsPerToken());
    }

    /** A hash whose answers are summed. */
    Mixing summed() {
        return (layer, x, batch) -> chosen(x, batch.experts, (row, expert) -> 1);
    }

    /** A hash with the gate of BASE. */
    Mixing sigmoidOfTable() {
        return (layer, x, batch) -> chosen(x, batch.experts, (row, expert) -> sigmoid(score(layer, x[row], expert)));
    }

    /** BASE, given the expert of each row, which it cannot know: a rank assigns its own rows. */
    Mixing base(Map<Integer, int[]> expertsOfLayer) {
        return (layer, x, batch) -> chosen(
                x,
                Objects.requireNonNull(expertsOfLayer.get(layer)),
                (row, expert) -> sigmoid(score(layer, x[row], expert)));
    }

    /** BASE when evaluating. */
    Mixing greedyBase() {
        return (layer, x, batch) -> {
            double[][] weights = new double[x.length][config.numExperts()];
            for (int row = 0; row < x.length; row++) {
                double[] scores = scores(layer, x[row]);
                int best = argmax(scores, -1);
                weights[row][best] = sigmoid(scores[best]);
            }
            return weights;
        };
    }

    /** A hash with the weights of DeepSeek-V4. */
    Mixing weighted(double scale) {
        DoubleUnaryOperator affinity = s -> Math.sqrt(Math.log1p(Math.exp(s)));
        int k = config.expertsPerToken();
        return (layer, x, batch) -> chosen(x, batch.experts, (row, expert) -> {
            double sum = IntStream.range(row * k, (row + 1) * k)
                    .mapToDouble(i -> affinity.applyAsDouble(score(layer, x[row], batch.experts[i])))
                    .sum();
            return scale * affinity.applyAsDouble(score(layer, x[row], expert)) / sum;
        });
    }

    /**
     * Switch, or GShard for two experts a token.
     *
     * @param readsTokens whether the router reads embeddings
     */
    Mixing switching(double capacityFactor, double balanceWeight, boolean readsTokens) {
        return new Switching(capacityFactor, balanceWeight, readsTokens);
    }

    private final class Switching implements Mixing {
        private final double capacityFactor;
        private final double balanceWeight;
        private final boolean readsTokens;
        private double penalty;

        Switching(double capacityFactor, double balanceWeight, boolean readsTokens) {
            this.capacityFactor = capacityFactor;
            this.balanceWeight = balanceWeight;
            this.readsTokens = readsTokens;
        }

        @Override
        public double[][] weights(int layer, double[][] x, Batch batch) {
            int experts = config.numExperts();
            int k = config.expertsPerToken();
            if (layer == config.sparseLayers().get(0)) {
                penalty = 0;
            }
            double[][] p = new double[x.length][];
            int[][] chosen = new int[x.length][k];
            double[] first = new double[experts];
            for (int row = 0; row < x.length; row++) {
                p[row] = softmax(scores(layer, readsTokens ? embedding(batch.tokens[row]) : x[row]));
                chosen[row][0] = argmax(p[row], -1);
                if (k == 2) {
                    chosen[row][1] = argmax(p[row], chosen[row][0]);
                }
                first[chosen[row][0]]++;
            }
            for (int row = 0; row < x.length; row++) {
                for (int expert = 0; expert < experts; expert++) {
                    penalty += balanceWeight * experts * first[expert] / x.length * p[row][expert];
                }
            }
            int capacity = (int) Math.ceil(capacityFactor * k * x.length / experts - 1e-9);
            int[] taken = new int[experts];
            double[][] weights = new double[x.length][experts];
            for (int choice = 0; choice < k; choice++) {
                for (int row = 0; row < x.length; row++) {
                    int expert = chosen[row][choice];
                    if (taken[expert]++ < capacity) {
                        double of = k == 1 ? 1 : p[row][chosen[row][0]] + p[row][chosen[row][1]];
                        weights[row][expert] = p[row][expert] / of;
                    }
                }
            }
            return weights;
        }

        @Override
        public double penalty() {
            return penalty;
        }
    }

    private interface Weight {
        double of(int row, int expert);
    }

    private double[][] chosen(double[][] x, int[] experts, Weight weight) {
        int k = experts.length / x.length;
        double[][] weights = new double[x.length][config.numExperts()];
        for (int i = 0; i < experts.length; i++) {
            weights[i / k][experts[i]] = weight.of(i / k, experts[i]);
        }
        return weights;
    }

    private double[] scores(int layer, double[] x) {
        return IntStream.range(0, config.numExperts())
                .mapToDouble(expert -> score(layer, x, expert))
                .toArray();
    }

    private double score(int layer, double[] x, int expert) {
        double[] weight = Objects.requireNonNull(parameters.get("h." + layer + ".router.weight"));
        double score = 0;
        for (int i = 0; i < x.length; i++) {
            score += x[i] * weight[i * config.numExperts() + expert];
        }
        return score;
    }

    private double[] embedding(int token) {
        int dim = config.modelDim();
        double[] table = Objects.requireNonNull(parameters.get("token_embedding.weight"));
        return Arrays.stream(table, token * dim, (token + 1) * dim)
                .map(x -> x * Math.sqrt(dim))
                .toArray();
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double[] softmax(double[] x) {
        double sum = Arrays.stream(x).map(Math::exp).sum();
        return Arrays.stream(x).map(v -> Math.exp(v) / sum).toArray();
    }

    private static int argmax(double[] x, int without) {
        int best = -1;
        for (int i = 0; i < x.length; i++) {
            if (i != without && (best < 0 || x[i] > x[best])) {
                best = i;
            }
        }
        return best;
    }
}
