package io.hashlayers.worker.kernels;

/** The forward operations written as plain float64 loops from their equations, sharing nothing with the kernels. */
final class LoopOracle {
    private LoopOracle() {}

    static double dot(double[][] a, double[][] b) {
        double sum = 0;
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < a[row].length; col++) {
                sum += a[row][col] * b[row][col];
            }
        }
        return sum;
    }

    static double[][] transpose(double[][] a, int cols) {
        double[][] out = new double[cols][a.length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < cols; col++) {
                out[col][row] = a[row][col];
            }
        }
        return out;
    }

    static double[][] sum(double[][] a, double[][] b) {
        double[][] out = new double[a.length][];
        for (int row = 0; row < a.length; row++) {
            out[row] = a[row].clone();
            for (int col = 0; col < out[row].length; col++) {
                out[row][col] += b[row][col];
            }
        }
        return out;
    }

    /** a [M, K], b [K, N]. */
    static double[][] matmul(double[][] a, double[][] b) {
        double[][] out = new double[a.length][b[0].length];
        for (int row = 0; row < a.length; row++) {
            for (int col = 0; col < out[row].length; col++) {
                for (int inner = 0; inner < b.length; inner++) {
                    out[row][col] += a[row][inner] * b[inner][col];
                }
            }
        }
        return out;
    }

    /** x [R, N], bias [1, N]. */
    static double[][] addBias(double[][] x, double[][] bias) {
        double[][] out = new double[x.length][];
        for (int row = 0; row < x.length; row++) {
            out[row] = x[row].clone();
            for (int col = 0; col < out[row].length; col++) {
                out[row][col] += bias[0][col];
            }
        }
        return out;
    }

    static double[][] columnSums(double[][] x, int cols) {
        double[][] sums = new double[1][cols];
        for (double[] row : x) {
            for (int col = 0; col < cols; col++) {
                sums[0][col] += row[col];
            }
        }
        return sums;
    }

    static double[][] activate(Activation activation, double[][] x) {
        double[][] out = new double[x.length][];
        for (int row = 0; row < x.length; row++) {
            out[row] = x[row].clone();
            for (int col = 0; col < out[row].length; col++) {
                out[row][col] = activate(activation, x[row][col]);
            }
        }
        return out;
    }

    static double activate(Activation activation, double x) {
        return switch (activation) {
            case RELU -> x > 0 ? x : 0;
            case GELU -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    static double[][] layerNorm(double[][] x, double[][] gamma, double[][] beta) {
        double[][] stats = layerNormStats(x);
        double[][] out = new double[x.length][];
        for (int row = 0; row < x.length; row++) {
            out[row] = x[row].clone();
            for (int col = 0; col < out[row].length; col++) {
                out[row][col] = (x[row][col] - stats[row][0]) * stats[row][1] * gamma[0][col] + beta[0][col];
            }
        }
        return out;
    }

    /** (mean, 1 / sqrt(variance + 1e-5)) of each row. */
    static double[][] layerNormStats(double[][] x) {
        double[][] stats = new double[x.length][2];
        for (int row = 0; row < x.length; row++) {
            double mean = 0;
            for (double value : x[row]) {
                mean += value / x[row].length;
            }
            double variance = 0;
            for (double value : x[row]) {
                variance += (value - mean) * (value - mean) / x[row].length;
            }
            stats[row][0] = mean;
            stats[row][1] = 1 / Math.sqrt(variance + 1e-5);
        }
        return stats;
    }

    /** qkv [R, 3 D]; the result is [R, D] with the log of the denominators beside it: [R, D + heads]. */
    static double[][] attention(double[][] qkv, int heads, int sequenceLength) {
        int width = qkv[0].length / 3;
        int headWidth = width / heads;
        double[][] out = new double[qkv.length][width + heads];
        for (int row = 0; row < qkv.length; row++) {
            int first = row - row % sequenceLength;
            for (int head = 0; head < heads; head++) {
                double[] scores = new double[row + 1];
                double max = Double.NEGATIVE_INFINITY;
                for (int past = first; past <= row; past++) {
                    for (int i = head * headWidth; i < (head + 1) * headWidth; i++) {
                        scores[past] += qkv[row][i] * qkv[past][width + i] / Math.sqrt(headWidth);
                    }
                    max = Math.max(max, scores[past]);
                }
                double sum = 0;
                for (int past = first; past <= row; past++) {
                    sum += Math.exp(scores[past] - max);
                }
                for (int past = first; past <= row; past++) {
                    for (int i = head * headWidth; i < (head + 1) * headWidth; i++) {
                        out[row][i] += Math.exp(scores[past] - max) / sum * qkv[past][2 * width + i];
                    }
                }
                out[row][width + head] = max + Math.log(sum);
            }
        }
        return out;
    }

    /** tables [V, D] and [S, D]. */
    static double[][] embed(int[] tokens, double[][] tokenTable, double[][] positionTable, int sequenceLength) {
        double[][] out = new double[tokens.length][];
        for (int row = 0; row < tokens.length; row++) {
            out[row] = tokenTable[tokens[row]].clone();
            for (int col = 0; col < out[row].length; col++) {
                out[row][col] += positionTable[row % sequenceLength][col];
            }
        }
        return out;
    }

    /** The loss of all rows in nats, as [1, 1]. */
    static double[][] crossEntropy(double[][] logits, int[] targets, int firstTarget) {
        double nats = 0;
        for (int row = 0; row < logits.length; row++) {
            int target = targets[firstTarget + row];
            if (target >= 0) {
                double max = Double.NEGATIVE_INFINITY;
                for (double logit : logits[row]) {
                    max = Math.max(max, logit);
                }
                double sum = 0;
                for (double logit : logits[row]) {
                    sum += Math.exp(logit - max);
                }
                nats += max + Math.log(sum) - logits[row][target];
            }
        }
        return new double[][] {{nats}};
    }

    /** Sums of k rows of in for each of the given number of rows. */
    static double[][] sumRows(double[][] in, int[] slots, int k, int rows, int cols) {
        double[][] out = new double[rows][cols];
        for (int row = 0; row < rows; row++) {
            for (int choice = 0; choice < k; choice++) {
                for (int col = 0; col < cols; col++) {
                    out[row][col] += in[slots[row * k + choice]][col];
                }
            }
        }
        return out;
    }

    /** One step on one parameter: state is {p, m, v}, changed in place. */
    static void adam(double[] state, double g, AdamStep step) {
        double scaled = step.gradientScale() * g;
        state[1] = step.beta1() * state[1] + (1 - (double) step.beta1()) * scaled;
        state[2] = step.beta2() * state[2] + (1 - (double) step.beta2()) * scaled * scaled;
        double update = state[1] / step.correction1() / (Math.sqrt(state[2] / step.correction2()) + step.epsilon());
        state[0] -= step.learningRate() * (update + step.weightDecay() * state[0]);
    }
}
