package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;

/** {@code x_r = dropout(E[token_r] + P[position_r])}: learned embeddings of tokens and positions. */
final class TokenEmbedding {
    private final Kernels kernels;
    private final ResidualStream stream;
    private final int sequenceLength;
    private final Parameter tokenTable; // [V, D], which the head shares
    private final Parameter positionTable; // [S, D]
    private final Matrix out; // [R, D]

    TokenEmbedding(Setup setup) {
        ModelConfig config = setup.config();
        this.kernels = setup.kernels();
        this.stream = setup.stream();
        this.sequenceLength = config.contextLength();
        this.tokenTable = setup.parameter(ParameterLayout.TOKEN_EMBEDDING);
        this.positionTable = setup.parameter(ParameterLayout.POSITION_EMBEDDING);
        this.out = setup.workspace().kept("stream", setup.rows(), config.modelDim());
    }

    /** What {@link #forward} writes, [R, D]. */
    Matrix out() {
        return out;
    }

    void forward(int[] tokens) {
        kernels.embed(tokens, tokenTable.value(), positionTable.value(), sequenceLength, out);
        stream.drop(out, ResidualStream.EMBEDDING);
    }

    /** Adds to the gradients of both tables those for dout, which it may change. */
    void backward(int[] tokens, Matrix dout) {
        stream.drop(dout, ResidualStream.EMBEDDING);
        kernels.embedBackward(
                tokens, dout, sequenceLength, tokenTable.gradient(kernels), positionTable.gradient(kernels));
    }
}
