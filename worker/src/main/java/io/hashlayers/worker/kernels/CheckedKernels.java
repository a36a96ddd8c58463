package io.hashlayers.worker.kernels;

/**
 * Stands before every implementation and keeps the promises that none should have to repeat: shapes that do not fit and
 * indices outside their table are refused before native code could write elsewhere, and nothing is done on zero rows.
 */
final class CheckedKernels implements Kernels {
    private final Kernels kernels;

    CheckedKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    @Override
    public String description() {
        return kernels.description();
    }

    @Override
    public void matmul(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        require(b, "b", a.cols(), b.cols());
        require(c, "c", a.rows(), b.cols());
        if (c.rows() > 0) {
            kernels.matmul(a, b, c, accumulate);
        }
    }

    @Override
    public void matmulNt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        requireSameWidth(b, "b", a.cols());
        require(c, "c", a.rows(), b.rows());
        if (c.rows() > 0) {
            kernels.matmulNt(a, b, c, accumulate);
        }
    }

    @Override
    public void matmulTn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        require(b, "b", a.rows(), b.cols());
        require(c, "c", a.cols(), b.cols());
        if (a.rows() > 0) {
            kernels.matmulTn(a, b, c, accumulate);
        } else if (!accumulate) {
            kernels.zero(c);
        }
    }

    @Override
    public void addBias(Matrix x, Matrix bias) {
        require(bias, "bias", 1, x.cols());
        if (x.rows() > 0) {
            kernels.addBias(x, bias);
        }
    }

    @Override
    public void biasBackward(Matrix dy, Matrix dbias) {
        require(dbias, "dbias", 1, dy.cols());
        if (dy.rows() > 0) {
            kernels.biasBackward(dy, dbias);
        }
    }

    @Override
    public void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out) {
        requireLike(delta, "delta", x);
        require(bias, "bias", 1, x.cols());
        requireLike(out, "out", x);
        if (x.rows() > 0) {
            kernels.addBiasResidual(x, delta, bias, out);
        }
    }

    @Override
    public void biasActivation(Activation activation, Matrix x, Matrix bias, Matrix out) {
        require(bias, "bias", 1, x.cols());
        requireLike(out, "out", x);
        if (x.rows() > 0) {
            kernels.biasActivation(activation, x, bias, out);
        }
    }

    @Override
    public void biasActivationBackward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias) {
        requireLike(dout, "dout", x);
        requireLike(dx, "dx", x);
        require(dbias, "dbias", 1, x.cols());
        if (x.rows() > 0) {
            kernels.biasActivationBackward(activation, x, dout, dx, dbias);
        }
    }

    @Override
    public void layerNorm(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats) {
        require(gamma, "gamma", 1, x.cols());
        require(beta, "beta", 1, x.cols());
        requireLike(y, "y", x);
        require(stats, "stats", x.rows(), 2);
        if (x.rows() > 0) {
            kernels.layerNorm(x, gamma, beta, y, stats);
        }
    }

    @Override
    public void layerNormBackward(
            Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta) {
        requireLike(dy, "dy", x);
        require(stats, "stats", x.rows(), 2);
        require(gamma, "gamma", 1, x.cols());
        requireLike(dx, "dx", x);
        require(dgamma, "dgamma", 1, x.cols());
        require(dbeta, "dbeta", 1, x.cols());
        if (x.rows() > 0) {
            kernels.layerNormBackward(dy, x, stats, gamma, dx, dgamma, dbeta);
        }
    }

    @Override
    public void causalAttention(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        requireAttention(qkv, heads, sequenceLength, out, logSumExp);
        if (qkv.rows() > 0) {
            kernels.causalAttention(qkv, heads, sequenceLength, out, logSumExp);
        }
    }

    @Override
    public void causalAttentionBackward(
            Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        requireAttention(qkv, heads, sequenceLength, out, logSumExp);
        requireLike(dout, "dout", out);
        requireLike(dqkv, "dqkv", qkv);
        if (qkv.rows() > 0) {
            kernels.causalAttentionBackward(qkv, heads, sequenceLength, out, logSumExp, dout, dqkv);
        }
    }

    @Override
    public void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out) {
        requireEmbedding(tokens, tokenTable, positionTable, sequenceLength, out);
        if (out.rows() > 0) {
            kernels.embed(tokens, tokenTable, positionTable, sequenceLength, out);
        }
    }

    @Override
    public void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        requireEmbedding(tokens, dTokenTable, dPositionTable, sequenceLength, dout);
        if (dout.rows() > 0) {
            kernels.embedBackward(tokens, dout, sequenceLength, dTokenTable, dPositionTable);
        }
    }

    @Override
    public double crossEntropy(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        requireIndices(targets, "targets", firstTarget, logits.rows(), Integer.MIN_VALUE, logits.cols());
        return logits.rows() == 0 ? 0 : kernels.crossEntropy(logits, targets, firstTarget, gradientScale);
    }

    @Override
    public void gatherRows(Matrix in, int[] rows, Matrix out) {
        requireSameWidth(out, "out", in.cols());
        requireIndices(rows, "rows", 0, out.rows(), 0, in.rows());
        if (out.rows() > 0) {
            kernels.gatherRows(in, rows, out);
        }
    }

    @Override
    public void sumRows(Matrix in, int[] slots, int k, Matrix out, boolean accumulate) {
        requireSameWidth(out, "out", in.cols());
        requirePositive(k, "k");
        requireIndices(slots, "slots", 0, Math.multiplyExact(out.rows(), k), -1, in.rows());
        if (out.rows() > 0) {
            kernels.sumRows(in, slots, k, out, accumulate);
        }
    }

    @Override
    public void addToRows(Matrix in, int[] rows, Matrix out) {
        requireSameWidth(out, "out", in.cols());
        requireIndices(rows, "rows", 0, in.rows(), 0, out.rows());
        if (in.rows() > 0) {
            kernels.addToRows(in, rows, out);
        }
    }

    @Override
    public void scaleRows(Matrix in, float[] factors, Matrix out) {
        requireLike(out, "out", in);
        requireLength(factors, "factors", in.rows());
        if (in.rows() > 0) {
            kernels.scaleRows(in, factors, out);
        }
    }

    @Override
    public void rowDots(Matrix a, Matrix b, float[] dots) {
        requireLike(b, "b", a);
        requireLength(dots, "dots", a.rows());
        if (a.rows() > 0) {
            kernels.rowDots(a, b, dots);
        }
    }

    @Override
    public void jitter(Matrix x, float width, long seed, long firstRow) {
        if (!(width >= 0 && width < 1)) {
            throw new IllegalArgumentException("width of jitter is " + width + ", expected [0, 1)");
        }
        if (x.rows() > 0 && width > 0) {
            kernels.jitter(x, width, seed, firstRow);
        }
    }

    @Override
    public void dropout(Matrix x, float probability, long seed, long firstRow) {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("probability of dropout is " + probability + ", expected [0, 1)");
        }
        if (x.rows() > 0 && probability > 0) {
            kernels.dropout(x, probability, seed, firstRow);
        }
    }

    @Override
    public void add(Matrix x, Matrix y) {
        requireLike(y, "y", x);
        if (x.rows() > 0) {
            kernels.add(x, y);
        }
    }

    @Override
    public void zero(Matrix x) {
        if (x.rows() > 0) {
            kernels.zero(x);
        }
    }

    @Override
    public double sumOfSquares(Matrix x) {
        return x.rows() == 0 ? 0 : kernels.sumOfSquares(x);
    }

    @Override
    public void adam(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        requireLike(g, "g", p);
        requireLike(m, "m", p);
        requireLike(v, "v", p);
        if (p.rows() > 0) {
            kernels.adam(p, g, m, v, step);
        }
    }

    private static void requireAttention(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        requirePositive(heads, "heads");
        requirePositive(sequenceLength, "sequenceLength");
        if (out.cols() % heads != 0) {
            throw new IllegalArgumentException("%d columns do not divide into %d heads".formatted(out.cols(), heads));
        }
        if (qkv.rows() % sequenceLength != 0) {
            throw new IllegalArgumentException(
                    "%d rows are not whole sequences of %d".formatted(qkv.rows(), sequenceLength));
        }
        require(qkv, "qkv", out.rows(), 3 * out.cols());
        require(logSumExp, "logSumExp", out.rows(), heads);
    }

    private static void requireEmbedding(
            int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix rows) {
        requirePositive(sequenceLength, "sequenceLength");
        requireSameWidth(tokenTable, "token table", rows.cols());
        requireSameWidth(positionTable, "position table", rows.cols());
        if (positionTable.rows() < Math.min(sequenceLength, rows.rows())) {
            throw new IllegalArgumentException("a position table of %d rows is too short for sequences of %d"
                    .formatted(positionTable.rows(), sequenceLength));
        }
        requireIndices(tokens, "tokens", 0, rows.rows(), 0, tokenTable.rows());
    }

    /** Checks that {@code indices[first ... first + count)} exist and lie in [least, bound). */
    private static void requireIndices(int[] indices, String name, int first, int count, int least, int bound) {
        if (first < 0 || first + count > indices.length) {
            throw new IllegalArgumentException(
                    "%s has %d elements, [%d, %d) needed".formatted(name, indices.length, first, first + count));
        }
        for (int i = first; i < first + count; i++) {
            if (indices[i] < least || indices[i] >= bound) {
                throw new IllegalArgumentException(
                        "%s[%d] is %d, expected less than %d".formatted(name, i, indices[i], bound));
            }
        }
    }

    private static void require(Matrix matrix, String name, int rows, int cols) {
        if (matrix.rows() != rows || matrix.cols() != cols) {
            throw new IllegalArgumentException(
                    "%s is [%d, %d], expected [%d, %d]".formatted(name, matrix.rows(), matrix.cols(), rows, cols));
        }
    }

    private static void requireLike(Matrix matrix, String name, Matrix other) {
        require(matrix, name, other.rows(), other.cols());
    }

    private static void requireSameWidth(Matrix matrix, String name, int cols) {
        require(matrix, name, matrix.rows(), cols);
    }

    private static void requireLength(float[] array, String name, int least) {
        if (array.length < least) {
            throw new IllegalArgumentException("%s has %d elements, %d needed".formatted(name, array.length, least));
        }
    }

    private static void requirePositive(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException("%s is %d, expected at least 1".formatted(name, value));
        }
    }
}
