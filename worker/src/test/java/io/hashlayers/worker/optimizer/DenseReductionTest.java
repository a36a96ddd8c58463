package io.hashlayers.worker.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DenseReductionTest {
    private static final Kernels KERNELS = KernelsFactory.best();

    private final ParameterGroup dense = Parameters.forTraining(
                    new ModelConfig(6000, 4, 2, 64, 64, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(), 1, 1)),
                    layer -> new int[0])
            .dense();
    private final int last = dense.gradients().size() - 1;
    private final List<String> log = new ArrayList<>();
    private final DenseReduction reduction = new DenseReduction(dense, KERNELS, logging());

    /** Notes what is begun, by its size, and finished. */
    private Collective logging() {
        return (Collective) Proxy.newProxyInstance(
                Collective.class.getClassLoader(), new Class<?>[] {Collective.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("beginReduceScatter")) {
                        log.add("begin " + ((Matrix) arguments[0]).size());
                        return (long) log.size();
                    }
                    log.add(method.getName() + " " + arguments[0]);
                    return null;
                });
    }

    @Test
    void aPieceIsBegunWhenAllOfItIsComplete() {
        assertThat(last).isGreaterThan(3);
        long size = ParameterGroup.sharedPiece(
                dense.pieceStart(last) + dense.gradients().get(last).size());

        reduction.from(dense.pieceStart(last) + 1);
        assertThat(log).isEmpty();
        reduction.from(dense.pieceStart(last));
        assertThat(log).containsExactly("begin " + dense.gradients().get(last).size());
        reduction.from(dense.pieceStart(last - 1) + 1);
        assertThat(log).hasSize(1);
        reduction.from(dense.pieceStart(last - 3));
        assertThat(log.subList(1, log.size())).containsExactly("begin " + size, "begin " + size, "begin " + size);
    }

    @Test
    void whatWasNotBegunIsBegunAtTheEndInTheSameOrder() {
        reduction.from(dense.pieceStart(last));

        reduction.finish();
        assertThat(log).hasSize(last + 2).endsWith("finish " + (last + 1));
        List<String> first = List.copyOf(log);
        log.clear();

        reduction.finish(); // of the next step, without a pass that told anything
        assertThat(log).isEqualTo(first);
    }

    @Test
    void clearedGradientsAreZeroWhenTheyLeave() {
        dense.gradients().get(last).set(0, 0, 7);
        dense.clearGradients();

        reduction.from(dense.pieceStart(last));

        assertThat(dense.gradients().get(last).get(0, 0)).isZero();
    }

    @Test
    void aSecondPassBehindABegunReductionIsRefused() {
        reduction.from(0);

        assertThatThrownBy(() -> reduction.from(100))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("only the last pass of a step may begin their reduction");
    }
}
