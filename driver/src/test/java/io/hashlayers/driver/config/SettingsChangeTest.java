package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsChangeTest {
    private static final String BEFORE = """
            model { dim = 64, layers = 2 }
            train { steps = 100, ranks = 2, data = "/a", checkpoint-every = 10 }
            optimizer { schedule = cosine, learning-rate = 1e-3, beta1 = 0.9 }
            prepare.vocabulary-size = 300
            """;

    private static void change(String now, boolean rescheduled) {
        SettingsChange.require(BEFORE, BEFORE + now, rescheduled, "/run");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "train.ranks = 4",
                "train.data = \"/b\"",
                "train.checkpoint-every = 0",
                "train.timeout-seconds = 9",
                "bench.steps = 3",
                "prepare.vocabulary-size = 400"
            })
    void whatNoStepDependsOnMayChange(String now) {
        assertThatCode(() -> change(now, false)).doesNotThrowAnyException();
    }

    @Test
    void allElseIsRefusedWithWhatDiffers() {
        assertThatThrownBy(
                        () -> change("model.dim = 128\noptimizer.beta1 = 0.8\ntrain.ranks = 1\nmoe.layers = [1]", true))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageStartingWith(
                        "/run holds a run of other settings: model.dim was 64 and is 128, moe.layers was not set and is [1], "
                                + "optimizer.beta1 was 0.9 and is 0.8; set them back");
    }

    @Test
    void theScheduleMayChangeWhereThatIsSaid() {
        String other = "train.steps = 200\noptimizer.learning-rate = 5e-4";

        assertThatThrownBy(() -> change(other, false))
                .hasMessageContaining("optimizer.learning-rate was 0.001 and is 5.0E-4, train.steps was 100 and is 200")
                .hasMessageEndingWith("; say --reschedule to go on with the new ones, or set them back");
        assertThatCode(() -> change(other, true)).doesNotThrowAnyException();
    }

    @Test
    void moreStepsOfAConstantRateChangeNoStep() {
        String constant = BEFORE + "optimizer.schedule = constant\n";

        assertThatCode(() -> SettingsChange.require(constant, constant + "train.steps = 200", false, "/run"))
                .doesNotThrowAnyException();
    }

    @Test
    void damagedSettingsAreTold() {
        assertThatThrownBy(() -> SettingsChange.require("a = {", BEFORE, false, "/run"))
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith("the settings of the run in /run cannot be read: ")
                .hasMessageEndingWith("say --overwrite to begin anew");
    }
}
