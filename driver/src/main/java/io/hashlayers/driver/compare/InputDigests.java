package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Names what a run builds on outside of its study by content, so that a finished run is not kept when that has changed. */
final class InputDigests {
    /** Folders of runs, whose newest checkpoint counts. */
    private static final List<String> RUNS = List.of("moe.clusters-from", "moe.predictions-from", "train.from");

    private static final String FILE = "moe.table-file";
    private static final String LAYER = "{layer}";
    private static final int MAX_BYTES = 1 << 30;

    private final Configuration hadoop;

    InputDigests(Configuration hadoop) {
        this.hadoop = hadoop;
    }

    /**
     * The same settings with digests in place of paths.
     *
     * @throws TrainingException of kind {@code DATA} if a file or a checkpoint is not there
     */
    Settings named(Settings settings) {
        Settings named = settings;
        for (String key : RUNS) {
            String run = path(settings, key);
            if (!run.isEmpty()) {
                named = named.withText(key, checkpoint(run));
            }
        }
        String file = path(settings, FILE);
        return file.isEmpty() ? named : named.withText(FILE, files(file));
    }

    /** Empty if there is none, or if it is a name within the study. */
    private static String path(Settings settings, String key) {
        String path = settings.texts().getOrDefault(key, "");
        return Reference.parse(key, path).isPresent() ? "" : path;
    }

    private String checkpoint(String run) {
        try (CheckpointReader reader = CheckpointReader.open(hadoop, run, OptionalLong.empty())) {
            return reader.manifest().digest();
        }
    }

    private String files(String name) {
        Path pattern = new Path(name.replace(LAYER, "*"));
        try {
            FileStatus[] files = pattern.getFileSystem(hadoop).globStatus(pattern);
            if (files == null || files.length == 0) {
                throw new TrainingException(
                        Failure.DATA, FILE + " is " + name + ", and there is no such file; check the path");
            }
            var digests = new StringBuilder();
            for (FileStatus file : files) {
                Path path = file.getPath();
                Folder folder = Folder.of(hadoop, path.getParent().toString());
                digests.append(path.getName()).append(Sha256.of(folder.read(path.getName(), MAX_BYTES)));
            }
            return digests.toString();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, FILE + " is " + name + ", which cannot be read: " + e.getMessage(), e);
        }
    }
}
