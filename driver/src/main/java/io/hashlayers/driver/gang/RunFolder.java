package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * The folder of a training run: {@code run.conf}, {@code table/}, {@code plan/}, {@code predictions/}, and what the ranks and the reporter add. A run
 * is there when its {@code run.conf} is.
 */
public final class RunFolder {
    private static final String SETTINGS = "run.conf";
    private static final String TABLE_FOLDER = "table";

    private final Folder folder;

    public RunFolder(Configuration hadoop, String runDir) {
        this.folder = Folder.of(hadoop, runDir);
    }

    /**
     * Requires that nothing is lost when a run starts here.
     *
     * @param overwrite whether a run that is there may go
     * @throws TrainingException of kind {@code USER} if it may not, or if the folder holds something else
     */
    public void requireFree(boolean overwrite) {
        attempt("read", () -> {
            boolean holdsRun = folder.exists(SETTINGS);
            if (holdsRun && !overwrite) {
                throw new TrainingException(
                        Failure.USER,
                        folder + " already holds a run; name another folder, or say --overwrite to delete it");
            }
            if (!holdsRun && !folder.list().isEmpty()) {
                throw new TrainingException(
                        Failure.USER, folder + " is not empty and holds no run; name a new or an empty folder");
            }
        });
    }

    /** Starts a run here in place of one that may have been there. */
    public void create(String settings) {
        attempt("written", () -> {
            folder.delete();
            folder.write(SETTINGS, settings.getBytes(StandardCharsets.UTF_8));
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
        attempt("removed", folder::delete);
    }

    private interface Storage {
        void act() throws IOException;
    }

    private void attempt(String what, Storage storage) {
        try {
            storage.act();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the run's folder %s cannot be %s: %s; check its rights and the room there"
                            .formatted(folder, what, e.getMessage()),
                    e);
        }
    }
}
