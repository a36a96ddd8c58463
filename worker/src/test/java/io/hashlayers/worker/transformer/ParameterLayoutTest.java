package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.parameter.TensorSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sizes of the paper's models (FACTS 1.3), decoder-only with a dictionary of 8,008 tokens. */
class ParameterLayoutTest {
    private static final long PAPER_EXPERT = 8_393_728;

    private static ParameterLayout paper(int layers, List<Integer> sparseLayers, int numExperts) {
        return paper(layers, 1024, 4096, sparseLayers, numExperts);
    }

    private static ParameterLayout paper(
            int layers, int modelDim, int ffnDim, List<Integer> sparseLayers, int numExperts) {
        return ParameterLayout.of(new ModelConfig(
                8008,
                128,
                layers,
                modelDim,
                ffnDim,
                16,
                Activation.RELU,
                0,
                MixtureConfig.hash(sparseLayers, numExperts, 1)));
    }

    @Test
    void anExpertOfThePaperHas8393728Parameters() {
        assertThat(paper(17, List.of(13), 64).expertParameters()).isEqualTo(PAPER_EXPERT);
    }

    @Test
    void denseModelOf17LayersHas222MillionParameters() {
        // V D + S D + 2 D + L (4 D^2 + 8 D + 2 D F + F + D), by hand
        long block = 4L * 1024 * 1024 + 8 * 1024 + PAPER_EXPERT;
        assertThat(paper(17, List.of(), 1).totalParameters())
                .isEqualTo(8008L * 1024 + 128 * 1024 + 2 * 1024 + 17 * block)
                .isBetween(222_000_000L, 223_000_000L);
    }

    @Test
    void everyExpertBeyondTheFirstAddsOneNetwork() {
        long dense = paper(17, List.of(), 1).totalParameters();

        assertThat(paper(17, List.of(13), 64).totalParameters())
                .isEqualTo(dense + 63 * PAPER_EXPERT)
                .isBetween(750_000_000L, 752_000_000L);
        assertThat(paper(17, List.of(13), 128).totalParameters())
                .isEqualTo(dense + 127 * PAPER_EXPERT)
                .isBetween(1_280_000_000L, 1_290_000_000L);
        assertThat(paper(17, List.of(2, 5, 8, 11, 14), 16).totalParameters())
                .isEqualTo(dense + 75 * PAPER_EXPERT)
                .isBetween(851_000_000L, 853_000_000L);
    }

    @Test
    void countsBeyondTheRangeOfAnIntAreExact() {
        ParameterLayout layout =
                paper(24, 2048, 8096, IntStream.range(0, 24).boxed().toList(), 512);

        assertThat(layout.expertParameters()).isEqualTo(2L * 2048 * 8096 + 8096 + 2048);
        assertThat(layout.totalParameters())
                .isEqualTo(layout.denseParameters() + 24L * 512 * layout.expertParameters());
    }

    @Test
    void tensorsFollowEachOtherWithoutGapsAndNoNameComesTwice() {
        var layout = ParameterLayout.of(SmallModel.config(Activation.GELU, 3, 1));
        var names = new HashSet<String>();

        assertThat(end(layout.dense(), names)).isEqualTo(layout.denseParameters());
        for (int expert = 0; expert < 3; expert++) {
            assertThat(end(layout.expert(1, expert), names)).isEqualTo(layout.expertParameters());
        }
        assertThat(names)
                .contains("h.0.ffn.up.weight", "h.1.experts.2.down.bias")
                .doesNotContain("h.1.ffn.up.weight");
    }

    @Test
    void anExpertInSegmentsHasTheParametersAndOperationsOfAWholeOne() {
        var whole = ParameterLayout.of(SmallModel.segmented(List.of(0, 1), 1, 0, 0));
        for (int n : new int[] {2, 3}) {
            var layout = ParameterLayout.of(SmallModel.segmented(List.of(0, 1), n, 0, 0));
            List<TensorSpec> expert = layout.expert(1, 3);

            assertThat(expert)
                    .extracting(TensorSpec::name, TensorSpec::rows, TensorSpec::cols)
                    .hasSize(4 * n)
                    .startsWith(
                            tuple("h.1.experts.3.segments.0.up.weight", 6, 42 / n),
                            tuple("h.1.experts.3.segments.0.up.bias", 1, 42 / n),
                            tuple("h.1.experts.3.segments.0.down.weight", 42, 6 / n),
                            tuple("h.1.experts.3.segments.0.down.bias", 1, 6 / n),
                            tuple("h.1.experts.3.segments.1.up.weight", 6, 42 / n));
            assertThat(end(expert, new HashSet<>()))
                    .isEqualTo(layout.expertParameters())
                    .isEqualTo(whole.expertParameters());
            assertThat(layout.totalParameters()).isEqualTo(whole.totalParameters());
            assertThat(layout.multipliedWeights()).isEqualTo(whole.multipliedWeights());
            assertThat(expert).allMatch(spec -> spec.decay() == (spec.rows() > 1));
        }
    }

    @Test
    void widthsThatSegmentsDoNotDivideAreRefused() {
        MixtureConfig mixture = MixtureConfig.of(List.of(0), 4, 1, SmallModel.segments(3));

        assertThatThrownBy(() -> new ModelConfig(11, 4, 2, 8, 9, 2, Activation.GELU, 0, mixture))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("model.dim is 8, which moe.segments = 3 does not divide; change one of them");
        assertThatThrownBy(() -> new ModelConfig(11, 4, 2, 6, 8, 2, Activation.GELU, 0, mixture))
                .hasMessage("model.ffn-dim is 8, which moe.segments = 3 does not divide; change one of them");
    }

    @Test
    void blocksStartWhereTheOnesBelowEnd() {
        var layout = ParameterLayout.of(SmallModel.config(Activation.GELU, 3, 1));

        // V D + S D, then 4 D^2 + 8 D with a network of 2 D F + F + D
        assertThat(layout.blockStart(0)).isEqualTo(11 * 6 + 4 * 6);
        assertThat(layout.blockStart(1)).isEqualTo(layout.blockStart(0) + 4 * 36 + 8 * 6 + 2 * 6 * 7 + 7 + 6);
        assertThat(layout.blockStart(2)).isEqualTo(layout.denseParameters() - 2 * 6);
        assertThatThrownBy(() -> layout.blockStart(3)).hasMessage("no block 3 of 2");
    }

    @Test
    void matricesDecayAndBiasesAndNormsDoNot() {
        var layout = ParameterLayout.of(SmallModel.config(Activation.GELU, 3, 1));

        assertThat(layout.dense()).allMatch(spec -> spec.decay() == (spec.rows() > 1));
        assertThat(layout.expert(1, 0)).allMatch(spec -> spec.decay() == (spec.rows() > 1));
    }

    @Test
    void expertsOfADenseLayerAreRefused() {
        var layout = ParameterLayout.of(SmallModel.config(Activation.GELU, 3, 1));

        assertThatThrownBy(() -> layout.expert(0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no expert 0 in layer 0; sparse layers are [1] of 3 experts each");
        assertThatThrownBy(() -> layout.expert(1, 3)).hasMessageContaining("no expert 3 in layer 1");
    }

    /** Requires that each tensor begins where the one before ends; returns the end of the last. */
    private static long end(List<TensorSpec> specs, Set<String> names) {
        long end = 0;
        for (TensorSpec spec : specs) {
            assertThat(spec.offset()).as(spec.name()).isEqualTo(end);
            assertThat(names.add(spec.name())).as(spec.name()).isTrue();
            end += spec.size();
        }
        return end;
    }
}
