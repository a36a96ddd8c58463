package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.storage.Folder;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * A checkpoint of a run, without its tensors.
 *
 * @param runDir folder of the run, a full path
 * @param manifest of the checkpoint
 * @param hashes that its layers route by
 */
record TrainedModel(String runDir, CheckpointManifest manifest, List<SharedHash> hashes) {
    /**
     * Reads what a checkpoint says of itself.
     *
     * @param step of the checkpoint, or empty for the newest
     * @throws TrainingException of kind {@code DATA} if there is none or it is damaged
     */
    static TrainedModel open(Configuration hadoop, String runDir, OptionalLong step) {
        String full = Folder.of(hadoop, runDir).toString();
        try (CheckpointReader reader = CheckpointReader.open(hadoop, full, step)) {
            return new TrainedModel(full, reader.manifest(), reader.hashes());
        }
    }

    /** The step of the checkpoint. */
    long step() {
        return manifest.step();
    }

    @Override
    public String toString() {
        return runDir + ", step " + step();
    }
}
