package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --from}, for {@code train.from}. */
final class StartOptions {
    @Option(
            names = "--from",
            paramLabel = "RUN",
            description = "Folder of a run whose checkpoint gives the first values, as train.from.")
    private @Nullable String from;

    @Option(
            names = "--from-step",
            paramLabel = "N",
            description = "The checkpoint of that run, as train.from-step; default: the newest.")
    private @Nullable Long step;

    /** With these options, and with what they leave open as the checkpoint was made. */
    Settings over(Settings settings, Configuration hadoop) {
        Settings begun = from == null ? settings : settings.withFrom(from);
        return (step == null ? begun : begun.withFromStep(step)).completed(hadoop);
    }
}
