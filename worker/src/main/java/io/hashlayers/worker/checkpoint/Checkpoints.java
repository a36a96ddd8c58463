package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/** Where the checkpoints of a run lie: {@code RUN/checkpoints/step-NNNNNNNN/}. */
final class Checkpoints {
    private static final String FOLDER = "checkpoints";
    private static final Pattern STEP = Pattern.compile("step-([0-9]{8,18})");

    private final Folder folder;

    Checkpoints(Configuration hadoop, String runDir) {
        folder = Folder.of(hadoop, runDir).folder(FOLDER);
    }

    /** The folder of a checkpoint, which need not exist. */
    Folder at(long step) {
        return folder.folder(String.format(Locale.ROOT, "step-%08d", step));
    }

    /** Steps of all whole checkpoints, ascending. */
    List<Long> steps() {
        try {
            List<Long> steps = new ArrayList<>();
            for (String name : folder.list()) {
                Matcher matcher = STEP.matcher(name);
                if (matcher.matches() && folder.folder(name).exists(CheckpointManifest.NAME)) {
                    steps.add(Long.valueOf(matcher.group(1)));
                }
            }
            return steps.stream().sorted().toList();
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    folder + " cannot be listed: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    /**
     * Removes what need not be kept now that there is a checkpoint of this step; later ones are of a run that took another way, and do
     * not count. The manifest goes first, so that what is left of an interrupted removal is no checkpoint.
     */
    void remove(Retention retention, long newest) throws IOException {
        if (retention.equals(Retention.ALL)) {
            return;
        }
        for (long step : retention.obsolete(
                steps().stream().filter(step -> step <= newest).map(this::saved).toList())) {
            at(step).delete(CheckpointManifest.NAME);
            at(step).delete();
        }
    }

    private Retention.Saved saved(long step) {
        try {
            double perplexity = CheckpointManifest.FILE
                    .read(at(step), CheckpointManifest.NAME)
                    .progress()
                    .perplexity();
            return new Retention.Saved(step, perplexity < 0 ? Double.NaN : perplexity);
        } catch (TrainingException e) { // of a damaged one, which is not the best
            return new Retention.Saved(step, Double.NaN);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
