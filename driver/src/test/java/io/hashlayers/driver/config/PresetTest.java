package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.worker.transformer.ParameterLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The models of the paper by their size; nothing is allocated. */
class PresetTest {
    private static final int DICTIONARY = 8008;
    private static final long EXPERT = 8_393_728; // 2 * 1024 * 4096 + 4096 + 1024

    private static ParameterLayout layout(String name) {
        Path file = Path.of("..", "conf", "models", name + ".conf");
        return ParameterLayout.of(Settings.load(List.of(file), List.of()).model(DICTIONARY));
    }

    @ParameterizedTest
    @CsvSource({
        "dense-222m,   222862336,  222e6",
        "wide-755m,    755418976,  755e6",
        "deep-755m,    751903744,  755e6",
        "hash-1x64,    751667200,  751e6",
        "hash-1x128,  1288865792, 1.28e9",
        "hash-5x16,    852391936,  852e6"
    })
    void presetHasThePublishedSize(String name, long ours, double published) {
        long parameters = layout(name).totalParameters();

        assertThat(parameters).isEqualTo(ours);
        assertThat((double) parameters).isCloseTo(published, within(0.01 * published));
    }

    /** 1.3B and 3.2B: FACTS 1.3, by the sizes of the authors' code. */
    @ParameterizedTest
    @CsvSource({"base-1x32, 4504528896", "base-3x32, 4437268480"})
    void presetHasTheSizeOfTheComparisonWithBase(String name, long ours) {
        Path file = Path.of("..", "conf", "models", name + ".conf");
        ParameterLayout layout =
                ParameterLayout.of(Settings.load(List.of(file), List.of()).model(51_200));

        assertThat((double) layout.totalParameters()).isCloseTo(4.5e9, within(0.02 * 4.5e9));
        assertThat(layout.totalParameters()).isEqualTo(ours);
    }

    @Test
    void expertsAddWhatThePaperAdds() {
        long dense = layout("dense-222m").totalParameters();

        assertThat(layout("hash-1x64").expertParameters()).isEqualTo(EXPERT);
        assertThat(layout("hash-1x64").totalParameters()).isEqualTo(dense + 63 * EXPERT);
        assertThat(layout("hash-1x128").totalParameters()).isEqualTo(dense + 127 * EXPERT);
        assertThat(layout("hash-5x16").totalParameters()).isEqualTo(dense + 5 * 15 * EXPERT);
    }
}
