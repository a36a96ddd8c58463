package io.hashlayers.sharding.assignment;

/**
 * The scores of a batch in the form in which assignments compute: finite, the best of every row 0 and the worst of all -1. What
 * is best does not change when all scores of one row rise alike, nor when all scores are scaled.
 */
final class UnitScores {
    final int rows;
    final int experts;
    final float[] values; // [R, E] in [-1, 0]

    private double range;

    /**
     * @throws IllegalArgumentException if a number is less than 1 or the rows cannot be dealt evenly
     */
    UnitScores(int rows, int experts) {
        if (rows < 1 || experts < 1 || rows % experts != 0 || (long) rows * experts > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(rows + " rows for " + experts
                    + " experts; there must be at least 1 of each, and as many rows for every expert");
        }
        this.rows = rows;
        this.experts = experts;
        this.values = new float[rows * experts];
    }

    /** Returns the widest range of the scores of one row, in the unit of the scores: what 1 means here. */
    double range() {
        return range;
    }

    /** Takes the scores of a batch, [R, E]. */
    void read(float[] scores) {
        if (scores.length != values.length) {
            throw new IllegalArgumentException(
                    scores.length + " scores for " + rows + " rows and " + experts + " experts");
        }
        float least = leastFinite(scores);
        double widest = 0;
        for (int row = 0; row < rows; row++) {
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (int i = row * experts; i < (row + 1) * experts; i++) {
                float score = Float.isFinite(scores[i]) ? scores[i] : least;
                values[i] = score;
                low = Math.min(low, score);
                high = Math.max(high, score);
            }
            widest = Math.max(widest, (double) high - low);
        }
        range = widest;
        for (int row = 0; row < rows; row++) {
            normalize(row * experts, (row + 1) * experts);
        }
    }

    private void normalize(int from, int to) {
        float high = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            high = Math.max(high, values[i]);
        }
        for (int i = from; i < to; i++) {
            values[i] = range == 0 ? 0 : (float) (((double) values[i] - high) / range); // 0: no row prefers any
        }
    }

    private static float leastFinite(float[] scores) {
        float least = Float.POSITIVE_INFINITY;
        for (float score : scores) {
            if (score < least && Float.isFinite(score)) {
                least = score;
            }
        }
        return least == Float.POSITIVE_INFINITY ? 0 : least;
    }
}
