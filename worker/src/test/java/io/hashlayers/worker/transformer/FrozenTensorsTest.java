package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.SwitchConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrozenTensorsTest {
    private static final SwitchConfig SWITCH = new SwitchConfig(1, 2, 0.01, 0, SwitchConfig.Reads.HIDDEN);

    /** Of eleven blocks, number 10 with three experts, a shared one and a router. */
    private static final ModelConfig MODEL = new ModelConfig(
            5, 2, 11, 4, 6, 2, Activation.GELU, 0, new MixtureConfig(List.of(10), 3, 1, List.of(SWITCH), 1, 0));

    private static List<String> frozen(String... patterns) {
        return ParameterLayout.of(MODEL).all().stream()
                .map(TensorSpec::name)
                .filter(new FrozenTensors(List.of(patterns)).names())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "token_embedding.weight,   1",
        "*_embedding.*,            2",
        "h.1.*,                    12",
        "h.1*,                     37", // blocks 1 and 10
        "h.*.attention.*,          44",
        "h.*.attention.qkv.weight, 11",
        "h.10.experts.*,           12",
        "h.10.experts.1.*,         4",
        "h.*.up.*,                 28",
        "*.bias,                   73",
        "embeddings,               2",
        "attention,                44",
        "dense-ffn,                40",
        "experts,                  12",
        "shared-experts,           4",
        "routers,                  1",
        "norms,                    46",
        "experts*,                 0",
        "h.1.?tn.*,                0",
        "h.1,                      0",
        "'',                       0"
    })
    void aPatternMatchesWholeNames(String pattern, int tensors) {
        assertThat(frozen(pattern)).hasSize(tensors);
    }

    @Test
    void theKindsAreAllTensorsAndHaveNoneInCommon() {
        List<String> each = new ArrayList<>();
        FrozenTensors.GROUPS.keySet().forEach(kind -> each.addAll(frozen(kind)));

        assertThat(each)
                .containsExactlyInAnyOrderElementsOf(ParameterLayout.of(MODEL).all().stream()
                        .map(TensorSpec::name)
                        .toList());
    }

    @Test
    void severalPatternsFreezeWhatAnyOfThemMatches() {
        assertThat(frozen("routers", "h.10.router.*", "final_norm.bias"))
                .containsExactly("h.10.router.weight", "final_norm.bias");
        assertThat(frozen()).isEmpty();
    }

    @Test
    void aPatternThatMatchesNothingIsNamed() {
        assertRefused(MODEL, "h.11.*")
                .hasMessageStartingWith(
                        "train.freeze has \"h.11.*\", which no tensor of the model matches; tensors are called"
                                + " like h.0.attention.qkv.weight, h.0.ffn.up.weight, token_embedding.weight, h.10.experts.0.up.weight")
                .hasMessageEndingWith(
                        "and kinds of them attention, dense-ffn, embeddings, experts, norms, routers, shared-experts");
        assertRefused(MODEL.dense(), "attention", "experts").hasMessageStartingWith("train.freeze has \"experts\"");
        ModelConfig hash = MODEL.with(MixtureConfig.of(List.of(10), 3, 1, HashConfig.SUM));
        assertRefused(hash, "routers").hasMessageStartingWith("train.freeze has \"routers\"");
    }

    @Test
    void freezingEverythingIsRefused() {
        assertRefused(MODEL, "h.*", "final*", "*_embedding*")
                .hasMessage(
                        "train.freeze is [h.*, final*, *_embedding*], all 149 tensors of the model, so that nothing would"
                                + " be trained; leave something out");
        assertThatCode(() -> new FrozenTensors(List.of("h.*", "final*", "pos*")).requireFit(MODEL))
                .doesNotThrowAnyException();
    }

    @Test
    void countsTheirParameters() {
        assertThat(new FrozenTensors(List.of("embeddings", "routers")).parameters(MODEL))
                .isEqualTo(5 * 4 + 2 * 4 + 4 * 3);
        assertThat(FrozenTensors.NONE.parameters(MODEL)).isZero();
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertRefused(
            ModelConfig model, String... patterns) {
        return assertThatThrownBy(() -> new FrozenTensors(List.of(patterns)).requireFit(model))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER));
    }
}
