package io.hashlayers.worker.kernels;

/**
 * The dense operations of the model, on the matrices of one rank.
 *
 * <p>An instance belongs to one rank and one thread: it may keep scratch memory. Results go to the argument named last or
 * said to be added to; arguments never overlap unless the text allows it. An operation on zero rows does nothing.
 * Gradients of parameters are always <em>added</em> to what is there. Implementations agree within float32 rounding and
 * each is bit-identical when repeated.
 */
public interface Kernels {
    /** What computes, for the line printed at start: backend, vector width, library of products. */
    String description();

    /** {@code c = a b}, or {@code c += a b}: a [M, K], b [K, N], c [M, N]. */
    void matmul(Matrix a, Matrix b, Matrix c, boolean accumulate);

    /** {@code c = a b^T}, or {@code c += a b^T}: a [M, K], b [N, K], c [M, N]. */
    void matmulNt(Matrix a, Matrix b, Matrix c, boolean accumulate);

    /** {@code c = a^T b}, or {@code c += a^T b}: a [K, M], b [K, N], c [M, N]. */
    void matmulTn(Matrix a, Matrix b, Matrix c, boolean accumulate);

    /** {@code x += bias} on every row: x [R, N], bias [1, N]. */
    void addBias(Matrix x, Matrix bias);

    /** {@code dbias += } column sums of dy: dy [R, N], dbias [1, N]. */
    void biasBackward(Matrix dy, Matrix dbias);

    /** {@code out = x + delta + bias}: x, delta, out [R, N], bias [1, N]; out may be x or delta. */
    void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out);

    /** {@code x += bias} and {@code out = act(x)}: x (kept for the backward pass), out [R, N], bias [1, N]. */
    void biasActivation(Activation activation, Matrix x, Matrix bias, Matrix out);

    /** {@code dx = dout * act'(x)} and {@code dbias += } column sums of dx: all [R, N]; dx may be dout. */
    void biasActivationBackward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias);

    /**
     * Layer norm over the columns with epsilon 1e-5: {@code y = (x - mean) rstd gamma + beta}.
     *
     * @param stats receives (mean, rstd) of each row, [R, 2]
     */
    void layerNorm(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats);

    /** Adds to dx [R, N], dgamma and dbeta [1, N] the gradients of {@link #layerNorm} for dy [R, N]. */
    void layerNormBackward(Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta);

    /**
     * Causal multi-head attention within each sequence, scores divided by sqrt(D / heads).
     *
     * @param qkv queries, keys and values side by side, [R, 3 D]; R is a multiple of sequenceLength
     * @param out heads side by side, [R, D]
     * @param logSumExp receives the log of the softmax denominator of each row and head, [R, heads]
     */
    void causalAttention(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp);

    /** Writes to dqkv [R, 3 D] the gradient of {@link #causalAttention} for dout [R, D]. */
    void causalAttentionBackward(
            Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv);

    /**
     * {@code out[r] = tokenTable[tokens[r]] + positionTable[r mod sequenceLength]}.
     *
     * @param tokens token ids, [R]
     */
    void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out);

    /** Adds to the gradients of both tables those of {@link #embed} for dout [R, D]. */
    void embedBackward(int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable);

    /**
     * Sum over rows of {@code -log softmax(logits)[target]} in nats; rows with a negative target count nothing.
     *
     * @param logits [R, V], overwritten with the gradient times {@code gradientScale} unless that is 0
     * @param targets the target of row r is {@code targets[firstTarget + r]}
     */
    double crossEntropy(Matrix logits, int[] targets, int firstTarget, float gradientScale);

    /** {@code out[i] = in[rows[i]]} for every row i of out: in [R, N], out [M, N], rows [at least M]. */
    void gatherRows(Matrix in, int[] rows, Matrix out);

    /**
     * {@code out[r] = sum over j < k of in[slots[r k + j]]}, in order of j, or {@code out[r] +=} that sum: out [R, N],
     * in [M, N], slots [at least R k]. A slot of -1 adds nothing.
     */
    void sumRows(Matrix in, int[] slots, int k, Matrix out, boolean accumulate);

    /** {@code out[rows[i]] += in[i]} for every row i of in, in order: in [M, N], out [R, N], rows [at least M]. */
    void addToRows(Matrix in, int[] rows, Matrix out);

    /** {@code out[i] = factors[i] in[i]}: in, out [M, N], factors [at least M]; out may be in. */
    void scaleRows(Matrix in, float[] factors, Matrix out);

    /** {@code dots[i] = a[i] . b[i]}: a, b [M, N], dots [at least M]. */
    void rowDots(Matrix a, Matrix b, float[] dots);

    /**
     * Zeroes each element with the given probability and divides the others by (1 - probability), in place. Which ones
     * depends on seed, global row and column alone, so any split of the rows over ranks drops the same, and a second call
     * with the same seed is the backward pass.
     *
     * @param firstRow global number of row 0 of x
     */
    void dropout(Matrix x, float probability, long seed, long firstRow);

    /**
     * Multiplies each element with a number drawn uniformly from {@code [1 - width, 1 + width)}, in place. Which one depends
     * on seed, global row and column alone, as in {@link #dropout}, and a second call with the same seed is the backward pass.
     *
     * @param firstRow global number of row 0 of x
     */
    void jitter(Matrix x, float width, long seed, long firstRow);

    /** {@code x += y}, same shapes. */
    void add(Matrix x, Matrix y);

    /** Sets every element to 0. */
    void zero(Matrix x);

    /** Sum of the squares of all elements, accumulated in float64. */
    double sumOfSquares(Matrix x);

    /** One AdamW step on p, m and v given the gradient g; all of one shape. */
    void adam(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step);
}
