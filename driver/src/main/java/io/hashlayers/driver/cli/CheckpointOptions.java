package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which saved model, and which dataset with it. */
final class CheckpointOptions {
    @Option(names = "--run", required = true, paramLabel = "DIR", description = "Folder of the run.")
    private String run = "";

    @Option(names = "--step", paramLabel = "N", description = "Checkpoint to use; default: the newest.")
    private @Nullable Long step;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Dataset with the tokenizer of the run; default: the one it was trained on.")
    private @Nullable String data;

    String run() {
        return run;
    }

    OptionalLong step() {
        return step == null ? OptionalLong.empty() : OptionalLong.of(step);
    }

    CheckpointReader open(Configuration hadoop) {
        return CheckpointReader.open(hadoop, run, step());
    }

    /**
     * The settings of the run, from its checkpoint.
     *
     * @param ranks in place of those of the run; null for those
     */
    Settings settings(@Nullable Integer ranks) {
        try (CheckpointReader reader = open(HadoopSettings.load())) {
            Settings settings = Settings.parse(reader.manifest().settings());
            return ranks == null ? settings : settings.withRanks(ranks);
        }
    }

    /**
     * The dataset that was asked for, or that of the run.
     *
     * @param settings of the run
     */
    String data(Settings settings) {
        return data == null ? settings.data() : data;
    }
}
