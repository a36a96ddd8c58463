package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --data}, for {@code train.data}. */
final class DataOption {
    @Option(names = "--data", paramLabel = "DIR", description = "Folder that prepare wrote, as train.data.")
    private @Nullable String data;

    Settings over(Settings settings) {
        return data == null ? settings : settings.withData(data);
    }
}
