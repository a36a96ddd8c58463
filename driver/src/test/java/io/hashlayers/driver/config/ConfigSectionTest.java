package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigSectionTest {
    @TempDir
    Path dir;

    private ConfigSection read(String text) throws IOException {
        return ConfigSection.file(Files.writeString(dir.resolve("s.conf"), text));
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(TrainingException.class).hasMessageContaining(message);
    }

    @Test
    void namesAreInTheOrderOfTheFile() throws IOException {
        ConfigSection section = read("zebra {}\nant { x = 1 }\n\"m.n\" {}\nb {}, aa {}, c {}\n");

        assertThat(section.names()).containsExactly("zebra", "ant", "m.n", "b", "c", "aa");
        assertThat(section.section("m.n").names()).isEmpty();
        assertThat(section.section("ant").names()).containsExactly("x");
    }

    @Test
    void valuesHaveTypesAndDefaults() throws IOException {
        ConfigSection section = read("t = some, n = 1.5, a = relu, l = [3, 4], s = [{ t = x }, { t = y }]");

        assertThat(section.text("t")).isEqualTo("some");
        assertThat(section.text("none", "other")).isEqualTo("other");
        assertThat(section.number("n", 7)).isEqualTo(1.5);
        assertThat(section.number("none", 7)).isEqualTo(7);
        assertThat(section.choice("a", Activation.GELU)).isEqualTo(Activation.RELU);
        assertThat(section.choice("none", Activation.GELU)).isEqualTo(Activation.GELU);
        assertThat(section.integers("l")).containsExactly(3, 4);
        assertThat(section.sections("s")).extracting(each -> each.text("t")).containsExactly("x", "y");
        assertThat(section.sections("none")).isEmpty();
        assertThat(section.section("none").names()).isEmpty();
    }

    @Test
    void settingsKeepTheirPlaces() throws IOException {
        ConfigSection section = read("base { train.steps = 3 }, prepare.seed = 5");

        assertThat(section.section("base").settings().text()).isEqualTo("train.steps=3");
        assertThat(section.settingsAt("prepare").text()).isEqualTo("prepare.seed=5");
        assertThat(section.settingsAt("none").text()).isEmpty();
    }

    @Test
    void oneSectionGoesOverAnotherWithoutAPartOfIt() throws IOException {
        ConfigSection section = read("a = 1, b { c = 2, d = 3 }, over { b.c = 4 }");

        ConfigSection merged = section.section("over").over(section, "over");

        assertThat(merged.names()).containsExactlyInAnyOrder("a", "b");
        assertThat(merged.section("b").settings().text()).isEqualTo("c=4 d=3");
    }

    @Test
    void whatIsWrongIsNamedWithItsPlace() throws IOException {
        ConfigSection section = read("t = some\nl = 3\na = tanh\ns = [4]\nb = 5\n");

        assertRefused(() -> section.requireOnly(List.of("title", "l")), "s.conf:3: there is no setting a");
        assertRefused(() -> section.text("none"), "s.conf: there is no none here, and it must be given");
        assertRefused(() -> section.integers("l"), "s.conf:2: l is 3; it must be a list of whole numbers");
        assertRefused(() -> section.choice("a", Activation.GELU), "s.conf:3: a is \"tanh\"; it must be one of");
        assertRefused(() -> section.sections("s"), "s.conf:4: s must be a section in braces");
        assertRefused(() -> section.sections("l"), "s.conf:2: l is 3; it must be a list of sections");
        assertRefused(() -> section.section("b"), "s.conf:5: b must be a section in braces");
    }

    @Test
    void aPatchGoesOverAnother() throws IOException {
        SettingsPatch upper = read("moe.num-experts = 8, train.steps = 2").settings();
        SettingsPatch lower = read("moe.num-experts = 4, moe.table = modulo").settings();

        assertThat(upper.over(lower).text()).isEqualTo("moe.num-experts=8 moe.table=\"modulo\" train.steps=2");
        assertThat(SettingsPatch.of("train.seed", 3, "here").text()).isEqualTo("train.seed=3");
        Settings settings = Settings.of(upper.over(lower), List.of("train.steps=5"));
        assertThat(settings.train().steps()).isEqualTo(5);
        assertThat(settings.model(10).numExperts()).isEqualTo(8);
        assertThat(settings.texts()).containsEntry("moe.table", "modulo").doesNotContainKey("train.steps");
        assertThat(settings.withText("moe.table", "random").texts()).containsEntry("moe.table", "random");
        assertRefused(
                () -> Settings.of(SettingsPatch.of("train.step", 3, "the study"), List.of()),
                "did you mean train.steps?");
    }
}
