package io.hashlayers.driver.config;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class SavedSettingsFuzzTest {
    private static final String MINE = Settings.load(List.of(), List.of("train.data=/data", "moe.layers=[1]"))
            .render();

    @Test
    void runConf() {
        byte[] sample = MINE.getBytes(StandardCharsets.UTF_8);
        try (Fuzz fuzz = new Fuzz("run-conf", "", SavedSettingsFuzzTest::read)) {
            fuzz.run(List.of(sample), UnaryOperator.identity(), 300);
        }
    }

    private static void read(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        Settings settings = Settings.parse(text);
        settings.run("/run", 1000);
        settings.ranks();
        SettingsChange.require(text, MINE, false, "/run");
    }
}
