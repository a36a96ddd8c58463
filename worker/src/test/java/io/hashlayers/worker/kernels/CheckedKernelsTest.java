package io.hashlayers.worker.kernels;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Native code would write elsewhere if these were let through. */
class CheckedKernelsTest {
    private final Kernels kernels = KernelsFactory.best();

    @Test
    void shapesThatDoNotFitAreRefused() {
        Matrix x = Matrix.allocate(4, 6);
        Matrix wider = Matrix.allocate(4, 7);
        Matrix row = Matrix.allocate(1, 6);
        Matrix stats = Matrix.allocate(4, 2);

        assertRefused(() -> kernels.matmul(x, wider, x, false), "b is [4, 7], expected [6, 7]");
        assertRefused(() -> kernels.matmulNt(x, x, x, false), "c is [4, 6], expected [4, 4]");
        assertRefused(() -> kernels.matmulTn(x, row, x, false), "b is [1, 6], expected [4, 6]");
        assertRefused(() -> kernels.addBias(wider, row), "bias is [1, 6], expected [1, 7]");
        assertRefused(() -> kernels.biasBackward(x, x), "dbias is [4, 6], expected [1, 6]");
        assertRefused(() -> kernels.addBiasResidual(x, wider, row, x), "delta is [4, 7]");
        assertRefused(() -> kernels.biasActivation(Activation.GELU, x, row, wider), "out is [4, 7]");
        assertRefused(() -> kernels.biasActivationBackward(Activation.GELU, x, x, wider, row), "dx is [4, 7]");
        assertRefused(() -> kernels.layerNorm(x, row, row, x, row), "stats is [1, 6], expected [4, 2]");
        assertRefused(() -> kernels.layerNormBackward(x, x, stats, row, x, x, row), "dgamma is [4, 6]");
        assertRefused(() -> kernels.add(x, wider), "y is [4, 7], expected [4, 6]");
        assertRefused(() -> kernels.adam(x, x, x, wider, new AdamStep(1, 0, 0, 1, 0, 1, 1, 1)), "v is [4, 7]");
    }

    @Test
    void attentionNeedsWholeHeadsAndWholeSequences() {
        Matrix out = Matrix.allocate(4, 6);
        Matrix qkv = Matrix.allocate(4, 18);
        Matrix logSumExp = Matrix.allocate(4, 2);

        assertRefused(() -> kernels.causalAttention(qkv, 4, 2, out, logSumExp), "6 columns do not divide into 4 heads");
        assertRefused(() -> kernels.causalAttention(qkv, 2, 3, out, logSumExp), "4 rows are not whole sequences of 3");
        assertRefused(() -> kernels.causalAttention(out, 2, 2, out, logSumExp), "qkv is [4, 6], expected [4, 18]");
        assertRefused(() -> kernels.causalAttention(qkv, 3, 2, out, logSumExp), "logSumExp is [4, 2]");
        assertRefused(() -> kernels.causalAttention(qkv, 2, 0, out, logSumExp), "sequenceLength is 0");
        assertRefused(() -> kernels.causalAttentionBackward(qkv, 2, 2, out, logSumExp, out, out), "dqkv is [4, 6]");
    }

    @Test
    void indicesOutsideTheirTableAreRefused() {
        Matrix table = Matrix.allocate(3, 2);
        Matrix out = Matrix.allocate(2, 2);

        assertRefused(() -> kernels.embed(new int[] {0, 3}, table, table, 2, out), "tokens[1] is 3");
        assertRefused(() -> kernels.embedBackward(new int[] {-1, 0}, out, 2, table, table), "tokens[0] is -1");
        assertRefused(() -> kernels.embed(new int[] {0}, table, table, 2, out), "tokens has 1 elements, [0, 2) needed");
        assertRefused(
                () -> kernels.embed(new int[2], table, Matrix.allocate(1, 2), 2, out), "position table of 1 rows");
        assertRefused(() -> kernels.gatherRows(table, new int[] {0, 3}, out), "rows[1] is 3");
        assertRefused(() -> kernels.sumRows(table, new int[] {0, 1, 2, 3}, 2, out, false), "slots[3] is 3");
        assertRefused(() -> kernels.sumRows(table, new int[3], 2, out, false), "slots has 3 elements, [0, 4) needed");
        assertRefused(() -> kernels.crossEntropy(out, new int[] {0, 2}, 0, 1), "targets[1] is 2");
        assertRefused(() -> kernels.crossEntropy(out, new int[] {0, 0}, 1, 1), "targets has 2 elements");
    }

    @Test
    void indicesBeyondTheRowsInUseMayBeAnything() {
        Matrix table = Matrix.allocate(3, 2);

        assertThatCode(() -> kernels.gatherRows(table, new int[] {2, 99}, Matrix.allocate(1, 2)))
                .doesNotThrowAnyException();
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
