package io.hashlayers.worker.kernels.vector;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;

/** The kernels for CPUs: oneDNN for products, the Vector API for the rest. */
public final class VectorKernels implements Kernels {
    private final MatrixProducts products = new MatrixProducts();
    private final AttentionKernel attention = new AttentionKernel();
    private final ActivationKernel activations = new ActivationKernel();
    private final CrossEntropyKernel crossEntropy = new CrossEntropyKernel();
    private final LayerNormBackward layerNormBackward = new LayerNormBackward();

    /**
     * @throws TrainingException RESOURCES if the vectors of this JVM are shorter than half a tile of attention
     */
    public VectorKernels() {
        if (RegisterTile.COLS < RegisterTile.ROWS) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "vectors of this JVM have %d floats and the vector kernels need %d; set kernels to \"nd4j\" or drop -XX:MaxVectorSize"
                            .formatted(Vectors.LANES, RegisterTile.ROWS / 2));
        }
    }

    @Override
    public String description() {
        return "Vector API with %d float lanes, %s".formatted(Vectors.LANES, MatrixProducts.description());
    }

    @Override
    public void matmul(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        products.plain(a, b, c, accumulate);
    }

    @Override
    public void matmulNt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        products.nt(a, b, c, accumulate);
    }

    @Override
    public void matmulTn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        products.tn(a, b, c, accumulate);
    }

    @Override
    public void addBias(Matrix x, Matrix bias) {
        RowKernel.addBias(x, bias);
    }

    @Override
    public void biasBackward(Matrix dy, Matrix dbias) {
        RowKernel.biasBackward(dy, dbias);
    }

    @Override
    public void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out) {
        RowKernel.addBiasResidual(x, delta, bias, out);
    }

    @Override
    public void biasActivation(Activation activation, Matrix x, Matrix bias, Matrix out) {
        activations.forward(activation, x, bias, out);
    }

    @Override
    public void biasActivationBackward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias) {
        activations.backward(activation, x, dout, dx, dbias);
    }

    @Override
    public void layerNorm(Matrix x, Matrix gamma, Matrix beta, Matrix y, Matrix stats) {
        LayerNormKernel.forward(x, gamma, beta, y, stats);
    }

    @Override
    public void layerNormBackward(
            Matrix dy, Matrix x, Matrix stats, Matrix gamma, Matrix dx, Matrix dgamma, Matrix dbeta) {
        layerNormBackward.run(dy, x, stats, gamma, dx, dgamma, dbeta);
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
        RowKernel.embed(tokens, tokenTable, positionTable, sequenceLength, out);
    }

    @Override
    public void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        RowKernel.embedBackward(tokens, dout, sequenceLength, dTokenTable, dPositionTable);
    }

    @Override
    public double crossEntropy(Matrix logits, int[] targets, int firstTarget, float gradientScale) {
        return crossEntropy.run(logits, targets, firstTarget, gradientScale);
    }

    @Override
    public void gatherRows(Matrix in, int[] rows, Matrix out) {
        RowKernel.gather(in, rows, out);
    }

    @Override
    public void sumRows(Matrix in, int[] slots, int k, Matrix out, boolean accumulate) {
        RowKernel.sum(in, slots, k, out, accumulate);
    }

    @Override
    public void addToRows(Matrix in, int[] rows, Matrix out) {
        RowKernel.addToRows(in, rows, out);
    }

    @Override
    public void scaleRows(Matrix in, float[] factors, Matrix out) {
        RowKernel.scale(in, factors, out);
    }

    @Override
    public void rowDots(Matrix a, Matrix b, float[] dots) {
        RowKernel.dots(a, b, dots);
    }

    @Override
    public void jitter(Matrix x, float width, long seed, long firstRow) {
        DropoutKernel.jitter(x, width, seed, firstRow);
    }

    @Override
    public void dropout(Matrix x, float probability, long seed, long firstRow) {
        DropoutKernel.run(x, probability, seed, firstRow);
    }

    @Override
    public void add(Matrix x, Matrix y) {
        ElementwiseKernel.add(x, y);
    }

    @Override
    public void zero(Matrix x) {
        ElementwiseKernel.zero(x);
    }

    @Override
    public double sumOfSquares(Matrix x) {
        return ElementwiseKernel.sumOfSquares(x);
    }

    @Override
    public void adam(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        AdamKernel.step(p, g, m, v, step);
    }
}
