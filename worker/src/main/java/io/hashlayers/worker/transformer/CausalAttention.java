package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/**
 * The attention branch of a block: {@code out = residual + dropout(attention(x Wqkv + bqkv) Wo + bo)}, causal, multi-head
 * (Vaswani et al. 2017).
 */
final class CausalAttention {
    private final Kernels kernels;
    private final ResidualStream stream;
    private final int place;
    private final int heads;
    private final int sequenceLength;
    private final Parameter qkvWeight; // [D, 3 D]
    private final Parameter qkvBias;
    private final Parameter outWeight; // [D, D]
    private final Parameter outBias;
    private final Matrix qkv; // [R, 3 D]
    private final Matrix attended; // [R, D]
    private final Matrix logSumExp; // [R, heads]
    private final Matrix dQkv; // [R, 3 D]
    private final Matrix dAttended; // [R, D]

    CausalAttention(Setup setup, int layer) {
        String prefix = ParameterLayout.blockPrefix(layer) + ".attention";
        int dim = setup.config().modelDim();
        this.kernels = setup.kernels();
        this.stream = setup.stream();
        this.place = ResidualStream.attention(layer);
        this.heads = setup.config().heads();
        this.sequenceLength = setup.config().contextLength();
        this.qkvWeight = setup.parameter(prefix + ".qkv.weight");
        this.qkvBias = setup.parameter(prefix + ".qkv.bias");
        this.outWeight = setup.parameter(prefix + ".projection.weight");
        this.outBias = setup.parameter(prefix + ".projection.bias");
        Workspace workspace = setup.workspace();
        this.qkv = workspace.recomputable("qkv", setup.rows(), 3 * dim);
        this.attended = workspace.recomputable("attended", setup.rows(), dim);
        this.logSumExp = workspace.recomputable("log-sum-exp", setup.rows(), heads);
        this.dQkv = workspace.backwardScratch("qkv gradient", setup.rows(), 3 * dim);
        this.dAttended = workspace.backwardScratch("attended gradient", setup.rows(), dim);
    }

    void forward(Matrix x, Matrix residual, Matrix out) {
        kernels.matmul(x, qkvWeight.value(), qkv, false);
        kernels.addBias(qkv, qkvBias.value());
        kernels.causalAttention(qkv, heads, sequenceLength, attended, logSumExp);
        kernels.matmul(attended, outWeight.value(), out, false);
        stream.join(residual, outBias.value(), out, place);
    }

    /** Writes to dx the gradient of x, for dout and x as in the forward pass; that of the residual is dout itself. */
    void backward(Matrix x, Matrix dout, Matrix dx) {
        Matrix dy = stream.branchGradient(dout, place);
        kernels.biasBackward(dy, outBias.gradient(kernels));
        outWeight.addToGradient(kernels, attended, dy);
        kernels.matmulNt(dy, outWeight.value(), dAttended, false);
        kernels.causalAttentionBackward(qkv, heads, sequenceLength, attended, logSumExp, dAttended, dQkv);
        kernels.biasBackward(dQkv, qkvBias.gradient(kernels));
        qkvWeight.addToGradient(kernels, x, dQkv);
        kernels.matmulNt(dQkv, qkvWeight.value(), dx, false);
    }
}
