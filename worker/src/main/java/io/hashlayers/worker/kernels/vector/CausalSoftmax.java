package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.RegisterTile.COLS;
import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax over the keys that each query of a block sees, and its backward pass, on scores [block, keys] in slices.
 *
 * <p>A slice of keys concerns the queries from its own first token on: rows before lie in its past and are neither read nor
 * written. In the others, keys after the query get probability 0.
 */
final class CausalSoftmax {
    /** A vector read n floats before the middle leaves n keys as they are and sets the others to minus infinity. */
    private static final float[] FUTURE = new float[2 * LANES];

    static {
        Arrays.fill(FUTURE, LANES, 2 * LANES, Float.NEGATIVE_INFINITY);
    }

    private int first; // token of the first query of the block
    private int queries;

    /** Goes to the block of queries that begins with this token of the sequence. */
    void moveTo(int firstQuery, int count) {
        first = firstQuery;
        queries = count;
    }

    /** First query of the block that sees a key of this slice. */
    private int firstQuery(int slice) {
        return Math.max(0, slice * COLS - first);
    }

    /** Slices with keys that some query of the block sees. */
    private int slices() {
        return (first + queries + COLS - 1) / COLS;
    }

    /** Adds minus infinity to the scores of keys after their query. */
    void hideFuture(SlicedMatrix scores) {
        float[] x = scores.floats();
        for (int query = 0; query < queries; query++) {
            int token = first + query;
            int start = token / COLS * COLS; // earlier slices are visible as a whole
            int at = scores.at(query, start);
            for (int key = 0; key < COLS; key += LANES) {
                int shown = Math.max(0, Math.min(LANES, token + 1 - start - key));
                FloatVector hidden = FloatVector.fromArray(SPECIES, FUTURE, LANES - shown);
                FloatVector.fromArray(SPECIES, x, at + key).add(hidden).intoArray(x, at + key);
            }
        }
    }

    /** Writes the largest score of each query. */
    void maxima(SlicedMatrix scores, float[] maxima) {
        float[] x = scores.floats();
        for (int query = 0; query < queries; query++) {
            FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
            int end = scores.at(query, first + query);
            for (int at = scores.at(query, 0); at <= end; at += scores.sliceLength()) {
                max = max.max(FloatVector.fromArray(SPECIES, x, at)).max(FloatVector.fromArray(SPECIES, x, at + LANES));
            }
            maxima[query] = max.reduceLanes(MAX);
        }
    }

    /** {@code x = e^(x - shift of the query)}. */
    void exponentials(SlicedMatrix scores, float[] shifts) {
        float[] x = scores.floats();
        for (int slice = 0; slice < slices(); slice++) {
            int from = firstQuery(slice);
            int start = scores.at(from, slice * COLS);
            for (int query = from; query < queries; query++) {
                int at = start + (query - from) * COLS;
                FloatVector shift = FloatVector.broadcast(SPECIES, shifts[query]);
                FloatVector.fromArray(SPECIES, x, at).sub(shift).intoArray(x, at);
                FloatVector.fromArray(SPECIES, x, at + LANES).sub(shift).intoArray(x, at + LANES);
            }
            Exponential.run(x, start, (queries - from) * COLS, 0);
        }
    }

    /** Writes the sum over the keys of each query. */
    void sums(SlicedMatrix scores, float[] sums) {
        float[] x = scores.floats();
        for (int query = 0; query < queries; query++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            int end = scores.at(query, first + query);
            for (int at = scores.at(query, 0); at <= end; at += scores.sliceLength()) {
                sum = sum.add(FloatVector.fromArray(SPECIES, x, at)).add(FloatVector.fromArray(SPECIES, x, at + LANES));
            }
            sums[query] = sum.reduceLanes(ADD);
        }
    }

    /** {@code dp = p (dp - mean of the query)}: from the gradient of probabilities to that of scores. */
    void backward(SlicedMatrix p, SlicedMatrix dp, float[] means) {
        float[] x = p.floats();
        float[] dx = dp.floats();
        for (int slice = 0; slice < slices(); slice++) {
            int from = firstQuery(slice);
            int start = p.at(from, slice * COLS);
            for (int query = from; query < queries; query++) {
                int at = start + (query - from) * COLS;
                FloatVector mean = FloatVector.broadcast(SPECIES, means[query]);
                FloatVector.fromArray(SPECIES, dx, at)
                        .sub(mean)
                        .mul(FloatVector.fromArray(SPECIES, x, at))
                        .intoArray(dx, at);
                FloatVector.fromArray(SPECIES, dx, at + LANES)
                        .sub(mean)
                        .mul(FloatVector.fromArray(SPECIES, x, at + LANES))
                        .intoArray(dx, at + LANES);
            }
        }
    }
}
