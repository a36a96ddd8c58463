package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --conf} and {@code -D}, the same for every command. */
final class SettingsOptions {
    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "HOCON file with settings over the defaults of conf/reference.conf; may be repeated,"
                    + " a later file goes over an earlier one.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "One setting over the files, such as -D train.steps=100; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    /** What was asked for, over the defaults. */
    Settings load() {
        return Settings.load(files, overrides);
    }

    /** What was asked for, over a preset if no file was named. */
    Settings loadOrPreset(String preset) {
        return files.isEmpty() ? Settings.preset(preset, overrides) : load();
    }
}
