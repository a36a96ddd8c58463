package io.hashlayers.worker.kernels;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The kernels as ND4J operations, which run on each of its backends. Slower than the vector kernels on a CPU, and in tests
 * what they are compared with.
 */
final class Nd4jKernels implements Kernels {
    private final Nd4jScratch scratch = new Nd4jScratch();
    private final Nd4jActivation activations = new Nd4jActivation(scratch);
    private final Nd4jLayerNorm layerNorms = new Nd4jLayerNorm(scratch);
    private final Nd4jAttention attention = new Nd4jAttention(scratch);
    private final Nd4jRows rowSums = new Nd4jRows(scratch);
    private final Nd4jCrossEntropy crossEntropy = new Nd4jCrossEntropy(scratch);
    private final Nd4jAdam adam = new Nd4jAdam(scratch);

    @Override
    public String description() {
        String backend = Nd4j.getBackend().getClass().getSimpleName();
        return Matrix.onHost()
                ? "ND4J operations on %s, OpenBLAS with %d thread(s)".formatted(backend, NativeThreads.ofBlas())
                : "ND4J operations on " + backend;
    }

    @Override
    public void matmul(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Nd4jProducts.gemm(a.array(), false, b.array(), false, c.array(), accumulate ? 1 : 0);
    }

    @Override
    public void matmulNt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Nd4jProducts.gemm(a.array(), false, b.array(), true, c.array(), accumulate ? 1 : 0);
    }

    @Override
    public void matmulTn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Nd4jProducts.gemm(a.array(), true, b.array(), false, c.array(), accumulate ? 1 : 0);
    }

    @Override
    public void addBias(Matrix x, Matrix bias) {
        x.array().addiRowVector(bias.array());
    }

    @Override
    public void biasBackward(Matrix dy, Matrix dbias) {
        scratch.reset();
        dbias.array().addi(dy.array().sum(scratch.like(dbias.array()), true, 0));
    }

    @Override
    public void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out) {
        x.array().addi(delta.array(), out.array());
        addBias(out, bias);
    }

    @Override
    public void biasActivation(Activation activation, Matrix x, Matrix bias, Matrix out) {
        scratch.reset();
        addBias(x, bias);
        activations.forward(activation, x.array(), out.array());
    }

    @Override
    public void biasActivationBackward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias) {
        scratch.reset();
        activations.backward(activation, x.array(), dout.array(), dx.array());
        biasBackward(dx, dbias);
    }

    @Override
    public void layerNorm(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats) {
        scratch.reset();
        layerNorms.forward(x.array(), gamma.array(), beta.array(), y.array(), stats);
    }

    @Override
    public void layerNormBackward(
            Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta) {
        scratch.reset();
        layerNorms.backward(dy.array(), x.array(), stats, gamma.array(), dx.array(), dgamma.array(), dbeta.array());
    }

    @Override
    public void causalAttention(Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp) {
        attention.forward(qkv, heads, sequenceLength, out, logSumExp);
    }

    @Override
    public void causalAttentionBackward(
            Matrix qkv, int heads, int sequenceLength, Matrix out, Matrix logSumExp, Matrix dout, Matrix dqkv) {
        attention.backward(qkv, heads, sequenceLength, out, logSumExp, dout, dqkv);
    }

    @Override
    public void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out) {
        Nd4jRows.embed(tokens, tokenTable, positionTable, sequenceLength, out);
    }

    @Override
    public void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        Nd4jRows.embedBackward(tokens, dout, sequenceLength, dTokenTable, dPositionTable);
    }

    @Override
    public double crossEntropy(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        scratch.reset();
        return crossEntropy.run(logits.array(), targets, firstTarget, gradientScale);
    }

    @Override
    public void gatherRows(Matrix in, int[] rows, Matrix out) {
        Nd4jRows.gather(in.array(), Arrays.copyOf(rows, out.rows()), out.array());
    }

    @Override
    public void sumRows(Matrix in, int[] slots, int k, Matrix out, boolean accumulate) {
        scratch.reset();
        rowSums.sum(in.array(), slots, k, out.array(), accumulate);
    }

    @Override
    public void addToRows(Matrix in, int[] rows, Matrix out) {
        Nd4jRows.addToRows(out.array(), Arrays.copyOf(rows, in.rows()), in.array());
    }

    @Override
    public void scaleRows(Matrix in, float[] factors, Matrix out) {
        INDArray product = in.array().mulColumnVector(Nd4jRows.column(factors, in.rows()));
        out.array().assign(product);
    }

    @Override
    public void rowDots(Matrix a, Matrix b, float[] dots) {
        float[] sums = a.array().mul(b.array()).sum(1).toFloatVector();
        System.arraycopy(sums, 0, dots, 0, sums.length);
    }

    /** As {@link #dropout}. */
    @Override
    public void jitter(Matrix x, float width, long seed, long firstRow) {
        float[][] factors = new float[x.rows()][x.cols()];
        for (int row = 0; row < x.rows(); row++) {
            long key = DropoutHash.rowKey(seed, firstRow + row);
            for (int col = 0; col < x.cols(); col++) {
                factors[row][col] = DropoutHash.around1(width, (int) key, (int) (key >>> 32), col);
            }
        }
        INDArray array = x.array();
        array.muli(Nd4j.createFromArray(factors));
    }

    /** The hash is integer arithmetic of the host, so the factors are made there and multiplied in. */
    @Override
    public void dropout(Matrix x, float probability, long seed, long firstRow) {
        int threshold = DropoutHash.threshold(probability);
        float[][] factors = new float[x.rows()][x.cols()];
        for (int row = 0; row < x.rows(); row++) {
            long key = DropoutHash.rowKey(seed, firstRow + row);
            for (int col = 0; col < x.cols(); col++) {
                boolean dropped = DropoutHash.uniform((int) key, (int) (key >>> 32), col) < threshold;
                factors[row][col] = dropped ? 0 : 1 / (1 - probability);
            }
        }
        INDArray array = x.array();
        array.muli(Nd4j.createFromArray(factors));
    }

    @Override
    public void add(Matrix x, Matrix y) {
        x.array().addi(y.array());
    }

    @Override
    public void zero(Matrix x) {
        x.array().assign(0);
    }

    @Override
    public double sumOfSquares(Matrix x) {
        return adam.sumOfSquares(x);
    }

    @Override
    public void adam(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        adam.step(p, g, m, v, step);
    }
}
