package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.RegisterTile.COLS;
import static io.hashlayers.worker.kernels.vector.RegisterTile.ROWS;
import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static jdk.incubator.vector.VectorOperators.ADD;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * Causal attention, a block of queries of one head at a time.
 *
 * <p>Only the scores of one block exist, {@code [block, keys up to its end]}; tiles of keys in the future are skipped. The
 * backward pass recomputes the probabilities from the saved log-sum-exp, as FlashAttention does (arXiv 2205.14135). The rows
 * of a head are packed first: in the matrix they lie kilobytes apart.
 */
final class AttentionKernel {
    private static final int BLOCK = 64; // queries, a multiple of the rows of a tile

    private final CausalSoftmax softmax = new CausalSoftmax();
    private final float[] shifts = new float[BLOCK]; // maxima, or log-sum-exps, or means of each query
    private final float[] sums = new float[BLOCK];
    private AttentionScratch scratch = new AttentionScratch(BLOCK, 0, 0);

    // Where one block of queries of one head lies; set anew for every block.
    private int sequence; // row of its first token
    private int first; // token of its first query, within the sequence
    private int queries;
    private int head;
    private int headWidth;
    private int width; // of all heads
    private float scale;

    void forward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        prepare(qkv, heads, sequenceLength);
        for (sequence = 0; sequence < qkv.rows(); sequence += sequenceLength) {
            for (head = 0; head < heads; head++) {
                packKeysAndValues(qkv, sequenceLength);
                for (first = 0; first < sequenceLength; first += BLOCK) {
                    scores(qkv, sequenceLength);
                    softmax.maxima(scratch.p, shifts);
                    softmax.exponentials(scratch.p, shifts);
                    softmax.sums(scratch.p, sums);
                    multiply(scratch.p, scratch.v, scratch.o); // O = P V
                    write(out, logSumExp);
                }
            }
        }
    }

    void backward(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        prepare(qkv, heads, sequenceLength);
        for (sequence = 0; sequence < qkv.rows(); sequence += sequenceLength) {
            for (head = 0; head < heads; head++) {
                packKeysAndValues(qkv, sequenceLength);
                scratch.vTransposed.packTransposed(scratch.v);
                scratch.dk.clear();
                scratch.dv.clear();
                for (first = 0; first < sequenceLength; first += BLOCK) {
                    scores(qkv, sequenceLength);
                    readLogSumExp(logSumExp);
                    softmax.exponentials(scratch.p, shifts);
                    gradients(out, dout, dqkv);
                }
                for (int key = 0; key < sequenceLength; key++) {
                    scratch.dk.unpack(key, dqkv, sequence + key, width + headColumn(), 1);
                    scratch.dv.unpack(key, dqkv, sequence + key, 2 * width + headColumn(), 1);
                }
            }
        }
    }

    /** {@code dV += P^T dO}, {@code dS = P (dO V^T - rowsum(dO O))}, {@code dQ = dS K}, {@code dK += dS^T Q}. */
    private void gradients(Matrix out, Matrix dout, Matrix dqkv) {
        scratch.dout.pack(dout, row(0), headColumn(), queries, 1);
        addTransposed(scratch.p, scratch.dout, scratch.dv);
        multiplyVisible(scratch.dout, scratch.vTransposed, scratch.dp);
        readMeans(out, dout);
        softmax.backward(scratch.p, scratch.dp, shifts);
        multiply(scratch.dp, scratch.k, scratch.o);
        addTransposed(scratch.dp, scratch.q, scratch.dk); // q is scaled
        for (int query = 0; query < queries; query++) {
            scratch.o.unpack(query, dqkv, row(query), headColumn(), scale);
        }
    }

    private void prepare(Matrix qkv, int heads, int sequenceLength) {
        width = qkv.cols() / 3;
        headWidth = width / heads;
        scale = (float) (1 / Math.sqrt(headWidth));
        if (!scratch.fits(sequenceLength, headWidth)) {
            scratch = new AttentionScratch(BLOCK, sequenceLength, headWidth);
        }
    }

    private void packKeysAndValues(Matrix qkv, int sequenceLength) {
        scratch.k.pack(qkv, sequence, width + headColumn(), sequenceLength, 1);
        scratch.v.pack(qkv, sequence, 2 * width + headColumn(), sequenceLength, 1);
        scratch.kTransposed.packTransposed(scratch.k);
    }

    /** {@code S = Q K^T / sqrt(width of a head)} of the block at {@link #first}, minus infinity for keys in the future. */
    private void scores(Matrix qkv, int sequenceLength) {
        queries = Math.min(BLOCK, sequenceLength - first);
        softmax.moveTo(first, queries);
        scratch.q.pack(qkv, row(0), headColumn(), queries, scale);
        multiplyVisible(scratch.q, scratch.kTransposed, scratch.p);
        softmax.hideFuture(scratch.p);
    }

    private int row(int query) {
        return sequence + first + query;
    }

    private int headColumn() {
        return head * headWidth;
    }

    /** Keys that some query of the tile sees that begins with this one. */
    private int keysOfTile(int query) {
        return first + query + ROWS;
    }

    /** {@code c = a b} where the queries of a tile see a key of the slice: a [queries, width], b [width, keys]. */
    private void multiplyVisible(SlicedMatrix a, SlicedMatrix b, SlicedMatrix c) {
        c.clear();
        for (int query = 0; query < queries; query += ROWS) {
            for (int slice = 0; slice * COLS < keysOfTile(query); slice++) {
                for (int at = 0; at < headWidth; at += COLS) {
                    RegisterTile.add(a, b, c, query, slice, at, Math.min(COLS, headWidth - at));
                }
            }
        }
    }

    /** {@code c = a b} over the keys that the queries of a tile see: a [queries, keys], b [keys, width]. */
    private void multiply(SlicedMatrix a, SlicedMatrix b, SlicedMatrix c) {
        c.clear();
        for (int query = 0; query < queries; query += ROWS) {
            int keys = keysOfTile(query);
            for (int slice = 0; slice < c.slices(); slice++) {
                for (int key = 0; key < keys; key += COLS) {
                    RegisterTile.add(a, b, c, query, slice, key, Math.min(COLS, keys - key));
                }
            }
        }
    }

    /** {@code c += a^T b} over the queries that see a tile of keys: a [queries, keys], b [queries, width], c [keys, width]. */
    private void addTransposed(SlicedMatrix a, SlicedMatrix b, SlicedMatrix c) {
        for (int key = 0; key < first + queries; key += ROWS) {
            int query = Math.max(0, key - first);
            for (int slice = 0; slice < c.slices(); slice++) {
                RegisterTile.addTransposed(a, b, c, key, slice, query, queries - query);
            }
        }
    }

    private void write(Matrix out, Matrix logSumExp) {
        for (int query = 0; query < queries; query++) {
            scratch.o.unpack(query, out, row(query), headColumn(), 1 / sums[query]);
            float saved = (float) (shifts[query] + Math.log(sums[query]));
            logSumExp.memory().putFloat(saved(logSumExp, query), saved);
        }
    }

    private void readLogSumExp(Matrix logSumExp) {
        for (int query = 0; query < queries; query++) {
            shifts[query] = logSumExp.memory().getFloat(saved(logSumExp, query));
        }
    }

    private int saved(Matrix logSumExp, int query) {
        return logSumExp.byteOffset() + (row(query) * logSumExp.cols() + head) * Float.BYTES;
    }

    private void readMeans(Matrix out, Matrix dout) {
        for (int query = 0; query < queries; query++) {
            int at = (row(query) * width + headColumn()) * Float.BYTES;
            shifts[query] = dot(out.memory(), out.byteOffset() + at, dout.memory(), dout.byteOffset() + at);
        }
    }

    private float dot(ByteBuffer a, int aAt, ByteBuffer b, int bAt) {
        int full = SPECIES.loopBound(headWidth);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = 0; i < full; i += LANES) {
            sum = load(a, aAt + i * Float.BYTES).fma(load(b, bAt + i * Float.BYTES), sum);
        }
        float total = sum.reduceLanes(ADD);
        for (int i = full; i < headWidth; i++) {
            total += a.getFloat(aAt + i * Float.BYTES) * b.getFloat(bAt + i * Float.BYTES);
        }
        return total;
    }
}
