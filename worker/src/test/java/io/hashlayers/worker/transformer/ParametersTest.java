package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.HashConfig;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParametersTest {
    private static final ModelConfig CONFIG =
            new ModelConfig(50, 8, 8, 32, 64, 4, Activation.GELU, 0, MixtureConfig.hash(List.of(3, 5), 6, 1));

    @Test
    void firstValuesDependOnTheNameAndNotOnWhoHoldsTheTensor() {
        Parameters all = Parameters.forTraining(CONFIG, layer -> new int[] {0, 1, 2, 3, 4, 5});
        Parameters few = Parameters.forEvaluation(CONFIG, layer -> layer == 3 ? new int[] {5, 1} : new int[] {4});
        all.initialize(11);
        few.initialize(11);

        for (ParameterGroup group : List.of(few.dense(), few.experts())) {
            for (Parameter parameter : group.parameters()) {
                assertThat(TestRank.elements(parameter.value()))
                        .as(parameter.name())
                        .isEqualTo(TestRank.elements(all.get(parameter.name()).value()));
            }
        }
    }

    @Test
    void tensorsAndSeedsDrawDifferentValues() {
        Parameters parameters = Parameters.forEvaluation(CONFIG, layer -> new int[] {0, 1});
        parameters.initialize(1);
        double[] first =
                TestRank.elements(parameters.get("h.3.experts.0.up.weight").value());
        double[] second =
                TestRank.elements(parameters.get("h.3.experts.1.up.weight").value());
        parameters.initialize(2);
        double[] reseeded =
                TestRank.elements(parameters.get("h.3.experts.0.up.weight").value());

        assertThat(first).isNotEqualTo(second).isNotEqualTo(reseeded);
    }

    @Test
    void deviationsAreThoseOfGpt2() {
        Parameters parameters = Parameters.forEvaluation(CONFIG, layer -> new int[] {2});
        parameters.initialize(1);

        assertThat(deviation(parameters, "h.0.attention.qkv.weight")).isCloseTo(0.02, within(0.001));
        assertThat(deviation(parameters, "h.0.attention.projection.weight")).isCloseTo(0.005, within(0.0004));
        assertThat(deviation(parameters, "h.3.experts.2.down.weight")).isCloseTo(0.005, within(0.0004));
        assertThat(TestRank.elements(parameters.get("final_norm.weight").value()))
                .containsOnly(1);
        assertThat(TestRank.elements(parameters.get("h.0.ffn.up.bias").value())).containsOnly(0);
    }

    @Test
    void gradientsOfAGroupAreThoseOfItsTensorsBehindEachOther() {
        Parameters parameters = Parameters.forTraining(CONFIG, layer -> new int[] {4, 0});
        float next = 1;
        for (Parameter parameter : parameters.experts().parameters()) {
            parameter.gradient(KernelsFactory.best()).set(0, 0, next++);
        }

        assertThat(parameters.experts().gradients()).hasSize(1);
        Matrix flat = parameters.experts().gradients().get(0);
        assertThat(flat.size()).isEqualTo(4 * parameters.layout().expertParameters());
        assertThat(Arrays.stream(TestRank.elements(flat)).filter(x -> x != 0).toArray())
                .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    }

    @Test
    void expertsAreListedByLayerAsGiven() {
        Parameters parameters =
                Parameters.forEvaluation(CONFIG, layer -> layer == 3 ? new int[] {4, 0} : new int[] {1});

        assertThat(parameters.localExperts())
                .extracting(ExpertParameters::layer, ExpertParameters::expert, expert -> expert.parameters()
                        .get(0)
                        .name())
                .containsExactly(
                        tuple(3, 4, "h.3.experts.4.up.weight"),
                        tuple(3, 0, "h.3.experts.0.up.weight"),
                        tuple(5, 1, "h.5.experts.1.up.weight"));
    }

    @Test
    void wholeExpertsAndExpertsInSegmentsEachHaveTheirOwn() {
        MixtureConfig mixture =
                new MixtureConfig(List.of(3, 5), 6, 1, List.of(SmallModel.segments(2), HashConfig.SUM), 0, 0);
        Parameters parameters = Parameters.forEvaluation(CONFIG.with(mixture), layer -> new int[] {1, 4});

        assertThat(parameters.localExperts())
                .extracting(
                        expert -> expert.parameters().size(),
                        expert -> expert.parameters().get(0).name())
                .containsExactly(
                        tuple(8, "h.3.experts.1.segments.0.up.weight"),
                        tuple(8, "h.3.experts.4.segments.0.up.weight"),
                        tuple(4, "h.5.experts.1.up.weight"),
                        tuple(4, "h.5.experts.4.up.weight"));
    }

    @Test
    void aRankMayHoldNoExpert() {
        Parameters parameters = Parameters.forTraining(CONFIG, layer -> new int[0]);

        assertThat(parameters.localExperts()).isEmpty();
        assertThat(parameters.experts().gradients()).isEmpty();
    }

    @Test
    void whatWasNotAllocatedIsRefusedByName() {
        Parameters parameters = Parameters.forEvaluation(CONFIG, layer -> new int[] {0});

        assertThatThrownBy(() -> parameters.get("final_norm.bias").gradientMemory())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("final_norm.bias was allocated for evaluation: it has no gradient");
        assertThatThrownBy(() -> parameters.get("h.3.experts.1.up.bias"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("this rank has no tensor h.3.experts.1.up.bias");
    }

    private static double deviation(Parameters parameters, String name) {
        double[] values = TestRank.elements(parameters.get(name).value());
        return Math.sqrt(Arrays.stream(values).map(x -> x * x).average().orElseThrow());
    }
}
