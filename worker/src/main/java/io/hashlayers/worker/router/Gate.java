package io.hashlayers.worker.router;

/** The weights of a row's experts as a function of its scores. All arrays are of one row, without allocation. */
interface Gate {
    /**
     * Writes the gate of each choice of a row.
     *
     * @param scores of the row are {@code scores[row E ... (row + 1) E)}
     * @param experts chosen by the row are {@code experts[row k ... (row + 1) k)}
     * @param gates receives theirs at the same places
     */
    void forward(float[] scores, int numExperts, int[] experts, int k, int row, float[] gates);

    /**
     * Adds to {@code dScores} the gradient of the scores of the chosen experts, for the gradients of their gates.
     *
     * @param gates as {@link #forward} left them
     */
    void backward(
            float[] scores,
            int numExperts,
            int[] experts,
            int k,
            int row,
            float[] gates,
            float[] dGates,
            float[] dScores);
}
