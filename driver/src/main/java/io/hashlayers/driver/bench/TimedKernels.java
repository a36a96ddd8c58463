package io.hashlayers.driver.bench;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/** Kernels that note how long each of their operations takes, while they are asked to. */
final class TimedKernels implements Kernels {
    static final String OF_EXPERTS = " of experts";

    private final Kernels inner;
    private final int batchRows;
    private final int vocabularySize;
    private @Nullable OperationTimes times;

    /**
     * @param batchRows of a rank; operations on fewer rows are those of experts, and are summed whatever their rows, unless
     *     they are on the chunks of the head
     * @param vocabularySize by which the head is known
     */
    TimedKernels(Kernels inner, int batchRows, int vocabularySize) {
        this.inner = inner;
        this.batchRows = batchRows;
        this.vocabularySize = vocabularySize;
    }

    /** Notes operations from now on. */
    void noteIn(OperationTimes chosen) {
        times = chosen;
    }

    /** Notes no more. */
    void stop() {
        times = null;
    }

    private void note(String name, long rows, long cols, long third, double flop, double bytes, long start) {
        if (times != null) {
            times.add(name, rows, cols, third, flop, bytes, System.nanoTime() - start);
        }
    }

    /** Notes a product of rows of tokens and a weight. */
    private void noteProduct(String name, Matrix a, Matrix b, Matrix c, int inner, long start) {
        double operations = 2.0 * c.size() * inner;
        noteRows(name, c.rows(), c.cols(), inner, operations, bytes(a.size() + b.size() + c.size()), start);
    }

    /** Notes an operation on rows of tokens: [rows, cols], or [rows, third] times [third, cols]. */
    private void noteRows(String name, long rows, long cols, long third, double flop, double bytes, long start) {
        boolean experts = rows < batchRows && cols != vocabularySize && third != vocabularySize;
        note(experts ? name + OF_EXPERTS : name, experts ? 0 : rows, cols, third, flop, bytes, start);
    }

    /** Notes a product whose inner size is rows of tokens. */
    private void noteInner(String name, long rows, long cols, long third, double flop, double bytes, long start) {
        boolean experts = third < batchRows && rows != vocabularySize;
        note(experts ? name + OF_EXPERTS : name, rows, cols, experts ? 0 : third, flop, bytes, start);
    }

    private static double bytes(long floats) {
        return (double) floats * Float.BYTES;
    }

    /** Operations of one product of attention: each row sees half of its sequence on average, itself included. */
    private static double visible(Matrix out, int sequenceLength) {
        return 2.0 * out.size() * (sequenceLength + 1) / 2;
    }

    @Override
    public String description() {
        return inner.description();
    }

    @Override
    public void matmul(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        long start = System.nanoTime();
        inner.matmul(a, b, c, accumulate);
        noteProduct("product", a, b, c, a.cols(), start);
    }

    @Override
    public void matmulNt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        long start = System.nanoTime();
        inner.matmulNt(a, b, c, accumulate);
        noteProduct("product, second transposed", a, b, c, a.cols(), start);
    }

    @Override
    public void matmulTn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        long start = System.nanoTime();
        inner.matmulTn(a, b, c, accumulate);
        noteInner(
                "product, first transposed",
                c.rows(),
                c.cols(),
                a.rows(),
                2.0 * c.size() * a.rows(),
                bytes(a.size() + b.size() + c.size()),
                start);
    }

    @Override
    public void addBias(Matrix x, Matrix bias) {
        long start = System.nanoTime();
        inner.addBias(x, bias);
        noteRows("bias", x.rows(), x.cols(), 0, 0, bytes(x.size() + x.size()), start);
    }

    @Override
    public void biasBackward(Matrix dy, Matrix dbias) {
        long start = System.nanoTime();
        inner.biasBackward(dy, dbias);
        noteRows("bias backward", dy.rows(), dy.cols(), 0, 0, bytes(dy.size()), start);
    }

    @Override
    public void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out) {
        long start = System.nanoTime();
        inner.addBiasResidual(x, delta, bias, out);
        note("bias and residual", x.rows(), x.cols(), 0, 0, bytes(x.size() + delta.size() + out.size()), start);
    }

    @Override
    public void biasActivation(Activation activation, Matrix x, Matrix bias, Matrix out) {
        long start = System.nanoTime();
        inner.biasActivation(activation, x, bias, out);
        noteRows("bias and activation", x.rows(), x.cols(), 0, 0, bytes(x.size() + x.size() + out.size()), start);
    }

    @Override
    public void biasActivationBackward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias) {
        long start = System.nanoTime();
        inner.biasActivationBackward(activation, x, dout, dx, dbias);
        noteRows(
                "bias and activation backward",
                x.rows(),
                x.cols(),
                0,
                0,
                bytes(x.size() + dout.size() + dx.size()),
                start);
    }

    @Override
    public void layerNorm(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats) {
        long start = System.nanoTime();
        inner.layerNorm(x, gamma, beta, y, stats);
        note("layer norm", x.rows(), x.cols(), 0, 0, bytes(x.size() + y.size()), start);
    }

    @Override
    public void layerNormBackward(
            Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta) {
        long start = System.nanoTime();
        inner.layerNormBackward(dy, x, stats, gamma, dx, dgamma, dbeta);
        note(
                "layer norm backward",
                x.rows(),
                x.cols(),
                0,
                0,
                bytes(dy.size() + x.size() + dx.size() + dx.size()),
                start);
    }

    @Override
    public void causalAttention(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        long start = System.nanoTime();
        inner.causalAttention(qkv, heads, sequenceLength, out, logSumExp);
        note(
                "attention",
                out.rows(),
                out.cols(),
                0,
                2 * visible(out, sequenceLength),
                bytes(qkv.size() + out.size()),
                start);
    }

    @Override
    public void causalAttentionBackward(
            Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        long start = System.nanoTime();
        inner.causalAttentionBackward(qkv, heads, sequenceLength, out, logSumExp, dout, dqkv);
        note(
                "attention backward",
                out.rows(),
                out.cols(),
                0,
                5 * visible(out, sequenceLength),
                bytes(qkv.size() + out.size() + dout.size() + dqkv.size()),
                start);
    }

    @Override
    public void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out) {
        long start = System.nanoTime();
        inner.embed(tokens, tokenTable, positionTable, sequenceLength, out);
        note("embedding", out.rows(), out.cols(), 0, 0, bytes(out.size() + out.size() + out.size()), start);
    }

    @Override
    public void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        long start = System.nanoTime();
        inner.embedBackward(tokens, dout, sequenceLength, dTokenTable, dPositionTable);
        note(
                "embedding backward",
                dout.rows(),
                dout.cols(),
                0,
                0,
                bytes(dout.size() + dout.size() + dout.size()),
                start);
    }

    @Override
    public double crossEntropy(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        long start = System.nanoTime();
        double nats = inner.crossEntropy(logits, targets, firstTarget, gradientScale);
        note("softmax cross-entropy", logits.rows(), logits.cols(), 0, 0, bytes(logits.size() + logits.size()), start);
        return nats;
    }

    @Override
    public void gatherRows(Matrix in, int[] rows, Matrix out) {
        long start = System.nanoTime();
        inner.gatherRows(in, rows, out);
        note("gather rows", out.rows(), out.cols(), 0, 0, bytes(out.size() + out.size()), start);
    }

    @Override
    public void sumRows(Matrix in, int[] slots, int k, Matrix out, boolean accumulate) {
        long start = System.nanoTime();
        inner.sumRows(in, slots, k, out, accumulate);
        note("sum rows", out.rows(), out.cols(), 0, 0, bytes(in.size() + out.size()), start);
    }

    @Override
    public void addToRows(Matrix in, int[] rows, Matrix out) {
        long start = System.nanoTime();
        inner.addToRows(in, rows, out);
        note("add to rows", in.rows(), in.cols(), 0, 0, bytes(in.size() + in.size() + in.size()), start);
    }

    @Override
    public void scaleRows(Matrix in, float[] factors, Matrix out) {
        long start = System.nanoTime();
        inner.scaleRows(in, factors, out);
        note("scale rows", in.rows(), in.cols(), 0, 0, bytes(in.size() + out.size()), start);
    }

    @Override
    public void rowDots(Matrix a, Matrix b, float[] dots) {
        long start = System.nanoTime();
        inner.rowDots(a, b, dots);
        note("dot products of rows", a.rows(), a.cols(), 0, 0, bytes(a.size() + b.size()), start);
    }

    @Override
    public void jitter(Matrix x, float width, long seed, long firstRow) {
        long start = System.nanoTime();
        inner.jitter(x, width, seed, firstRow);
        note("jitter", x.rows(), x.cols(), 0, 0, bytes(x.size() + x.size()), start);
    }

    @Override
    public void dropout(Matrix x, float probability, long seed, long firstRow) {
        long start = System.nanoTime();
        inner.dropout(x, probability, seed, firstRow);
        note("dropout", x.rows(), x.cols(), 0, 0, bytes(x.size() + x.size()), start);
    }

    @Override
    public void add(Matrix x, Matrix y) {
        long start = System.nanoTime();
        inner.add(x, y);
        note("add", x.rows(), x.cols(), 0, 0, bytes(x.size() + x.size() + y.size()), start);
    }

    @Override
    public void zero(Matrix x) {
        long start = System.nanoTime();
        inner.zero(x);
        note("zero", x.rows(), x.cols(), 0, 0, bytes(x.size()), start);
    }

    @Override
    public double sumOfSquares(Matrix x) {
        long start = System.nanoTime();
        double sum = inner.sumOfSquares(x);
        note("sum of squares", x.rows(), x.cols(), 0, 0, bytes(x.size()), start);
        return sum;
    }

    @Override
    public void adam(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        long start = System.nanoTime();
        inner.adam(p, g, m, v, step);
        note(
                "Adam",
                p.rows(),
                p.cols(),
                0,
                0,
                bytes(p.size() + p.size() + g.size() + m.size() + m.size() + v.size() + v.size()),
                start);
    }
}
