package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.checkpoint.SkippedSteps;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * The folder of a training run: {@code run.conf}, {@code skipped.json}, {@code table/}, {@code plan/}, {@code predictions/}, and what the ranks and the reporter add. A run
 * is there when its {@code run.conf} is.
 */
public final class RunFolder {
    private static final String SETTINGS = "run.conf";
    private static final String TABLE_FOLDER = "table";
    private static final int MAX_SETTINGS_BYTES = 1 << 20;

    private final Folder folder;

    public RunFolder(Configuration hadoop, String runDir) {
        this.folder = Folder.of(hadoop, runDir);
    }

    /**
     * Requires that nothing but a run is lost when one starts here.
     *
     * @throws TrainingException of kind {@code USER} if the folder holds something else
     */
    public void requireRunOrNothing() {
        if (settings().isEmpty() && !attempt("read", folder::list).isEmpty()) {
            throw new TrainingException(
                    Failure.USER, folder + " is not empty and holds no run; name a new or an empty folder");
        }
    }

    /** Settings of the run that is here; empty if there is none. */
    Optional<String> settings() {
        return attempt(
                "read",
                () -> folder.exists(SETTINGS)
                        ? Optional.of(new String(folder.read(SETTINGS, MAX_SETTINGS_BYTES), StandardCharsets.UTF_8))
                        : Optional.empty());
    }

    /** What came of the run that is here; empty if it is not finished. */
    Optional<RunSummary> summary() {
        return SummaryFile.read(folder);
    }

    /** Steps that the run that is here leaves out. */
    SkippedSteps skipped() {
        return attempt("read", () -> SkippedSteps.read(folder));
    }

    /** From now on the run that is here leaves out these. */
    void skip(SkippedSteps skipped) {
        attempt("written", () -> {
            skipped.write(folder);
            return true;
        });
    }

    /** Starts a run here in place of one that may have been there. */
    public void create(String settings) {
        attempt("written", () -> {
            folder.delete();
            folder.write(SETTINGS, settings.getBytes(StandardCharsets.UTF_8));
            return true;
        });
    }

    /** Lets the run that is here go on: its checkpoints and what it reported stay. */
    public void goOn(String settings) {
        attempt("written", () -> {
            folder.delete(SummaryFile.NAME);
            folder.write(SETTINGS, settings.getBytes(StandardCharsets.UTF_8));
            return true;
        });
    }

    /** Keeps the tables of all hashes, numbered as in a checkpoint. */
    void saveTables(List<SharedHash> hashes) {
        attempt("written", () -> {
            int number = 0;
            for (SharedHash shared : hashes) {
                for (TokenHash part : shared.hash().parts()) {
                    try (PendingFile file = folder.folder(TABLE_FOLDER).create("expert-table-" + number++ + ".bin")) {
                        part.table().write(file.out());
                        file.commit();
                    }
                }
            }
            return true;
        });
    }

    /** Where the plan goes. */
    Folder plan() {
        return folder.folder(RunPlan.FOLDER);
    }

    /** Where predictions go that hashes read. */
    Folder predictions() {
        return folder.folder(PredictionManifest.FOLDER);
    }

    /** Removes everything, after a failure before the first step. */
    void discard() {
        attempt("removed", () -> {
            folder.delete();
            return true;
        });
    }

    private interface Storage<T> {
        T act() throws IOException;
    }

    private <T> T attempt(String what, Storage<T> storage) {
        try {
            return storage.act();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the run's folder %s cannot be %s: %s; check its rights and the room there"
                            .formatted(folder, what, e.getMessage()),
                    e);
        }
    }
}
