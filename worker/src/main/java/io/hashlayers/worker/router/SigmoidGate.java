package io.hashlayers.worker.router;

/** {@code g = 1 / (1 + exp(-s_e))} of each chosen expert alone (BASE, arXiv 2103.16716, eq. (1)). */
final class SigmoidGate implements Gate {
    @Override
    public void forward(float[] scores, int numExperts, int[] experts, int k, int row, float[] gates) {
        for (int i = row * k; i < (row + 1) * k; i++) {
            gates[i] = (float) (1 / (1 + Math.exp(-scores[row * numExperts + experts[i]])));
        }
    }

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
        for (int i = row * k; i < (row + 1) * k; i++) {
            dScores[row * numExperts + experts[i]] += dGates[i] * gates[i] * (1 - gates[i]);
        }
    }
}
