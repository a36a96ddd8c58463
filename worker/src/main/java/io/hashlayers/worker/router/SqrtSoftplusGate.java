package io.hashlayers.worker.router;

/**
 * {@code g_j = scale a_j / sum over the row's experts of a}, {@code a = sqrt(log(1 + exp(s)))}: what DeepSeek-V4 gives the experts of
 * its token tables. With one expert for a row the gate is {@code scale}.
 */
final class SqrtSoftplusGate implements Gate {
    private final double scale;

    SqrtSoftplusGate(double scale) {
        this.scale = scale;
    }

    @Override
    public void forward(float[] scores, int numExperts, int[] experts, int k, int row, float[] gates) {
        double sum = sum(scores, numExperts, experts, k, row);
        for (int i = row * k; i < (row + 1) * k; i++) {
            gates[i] = (float) (scale * affinity(scores[row * numExperts + experts[i]]) / sum);
        }
    }

    /** {@code dg_j / da_i = scale (delta_ij - a_j / sum) / sum}, {@code da / ds = sigmoid(s) / (2 a)}. */
    @Override
    public void backward(
            float[] scores,
            int numExperts,
            int[] experts,
            int k,
            int row,
            float[] gates,
            float[] dGates,
            float[] dScores) {
        double sum = sum(scores, numExperts, experts, k, row);
        double mean = 0;
        for (int i = row * k; i < (row + 1) * k; i++) {
            mean += gates[i] * dGates[i];
        }
        for (int i = row * k; i < (row + 1) * k; i++) {
            int at = row * numExperts + experts[i];
            double slope = 1 / (1 + Math.exp(-scores[at])) / (2 * affinity(scores[at]));
            dScores[at] += (float) ((scale * dGates[i] - mean) / sum * slope);
        }
    }

    private static double sum(float[] scores, int numExperts, int[] experts, int k, int row) {
        double sum = 0;
        for (int i = row * k; i < (row + 1) * k; i++) {
            sum += affinity(scores[row * numExperts + experts[i]]);
        }
        return sum;
    }

    /** For very negative scores the softplus is exp(s), which must not become 0. */
    private static double affinity(double score) {
        double softplus = Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
        return Math.sqrt(Math.max(softplus, Double.MIN_NORMAL));
    }
}
