package io.hashlayers.worker.router;

/** What a router is told of a micro-batch before it routes it. Not a record, since those do not hold arrays. */
public final class RouterBatch {
    private static final int EVALUATION = -1;

    private final int[] tokens;
    private final long step;
    private final int microBatch;
    private final long firstRow;
    private final float gradientScale;

    private RouterBatch(int[] tokens, long step, int microBatch, long firstRow, float gradientScale) {
        this.tokens = tokens;
        this.step = step;
        this.microBatch = microBatch;
        this.firstRow = firstRow;
        this.gradientScale = gradientScale;
    }

    /**
     * Rows that a backward pass will follow.
     *
     * @param tokens token ids of this rank's rows, [R]
     * @param step number of the training step
     * @param microBatch number of the micro-batch in its step, from 0
     * @param firstRow number of row 0 in the global batch of the step
     * @param gradientScale factor of the gradient of the sum over rows: 1 / rows of the global batch
     */
    public static RouterBatch training(int[] tokens, long step, int microBatch, long firstRow, float gradientScale) {
        return new RouterBatch(tokens, step, microBatch, firstRow, gradientScale);
    }

    /**
     * Rows without a backward pass.
     *
     * @param tokens token ids of this rank's rows, [R]
     */
    public static RouterBatch evaluation(int[] tokens) {
        return new RouterBatch(tokens, 0, EVALUATION, 0, 0);
    }

    /** Token ids, [R]; the caller's own array. */
    public int[] tokens() {
        return tokens;
    }

    public boolean training() {
        return microBatch != EVALUATION;
    }

    public long step() {
        return step;
    }

    public int microBatch() {
        return microBatch;
    }

    public long firstRow() {
        return firstRow;
    }

    public float gradientScale() {
        return gradientScale;
    }
}
