package io.hashlayers.driver.gang;

import io.hashlayers.driver.config.SettingsChange;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.SkippedSteps;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.RunConfig;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;

/**
 * A run that was started before and goes on behind one of its checkpoints.
 *
 * @param checkpoint the newest sound one
 */
record ResumedRun(TrainedModel checkpoint) {
    /** Digests of what a run keeps, whatever ranks it has. */
    private static final List<String> KEPT_DIGESTS = List.of("from", PredictionRun.PREDICTOR);

    /**
     * Finds where the run in a folder goes on.
     *
     * @param config of the run, with full paths
     * @return empty if there is no run, or if it has no checkpoint yet, or is to be replaced
     * @throws TrainingException of kind {@code USER} if the run has other settings; {@code DATA} if none of its checkpoints is sound
     */
    static Optional<ResumedRun> find(
            SparkSession spark, TrainingRequest request, RunConfig config, RunFolder folder, RunReporter reporter) {
        if (request.existing() == TrainingRequest.Existing.REPLACE) {
            return Optional.empty();
        }
        Optional<String> settings = folder.settings();
        if (settings.isEmpty()) {
            return Optional.empty();
        }
        boolean rescheduled = request.existing() == TrainingRequest.Existing.GO_ON_RESCHEDULED;
        SettingsChange.require(settings.get(), request.settings(), rescheduled, config.runDir());
        return new CheckpointCheck(spark, config.runDir(), reporter)
                .newestSound()
                .map(ResumedRun::new);
    }

    /** Steps that are done. */
    long step() {
        return checkpoint.step();
    }

    /**
     * Requires that the dataset is the one that the run began with.
     *
     * @throws TrainingException of kind {@code DATA} if not
     */
    void requireSame(RunConfig config, DatasetManifest dataset) {
        String before = checkpoint.manifest().digests().getOrDefault("dataset", "");
        if (!before.equals(dataset.digest())) {
            throw new TrainingException(
                    Failure.DATA,
                    "the dataset %s has the digest %s, and the run in %s began with %s; name the folder of that dataset, or another one for a new run"
                            .formatted(config.datasetDir(), dataset.digest(), config.runDir(), before));
        }
        if (step() > config.train().steps()) {
            throw new TrainingException(
                    Failure.USER,
                    "train.steps is %d, and the run in %s has done %d steps; set it to more, or name another folder"
                            .formatted(config.train().steps(), config.runDir(), step()));
        }
    }

    /** Steps that it leaves out. */
    SkippedSteps skipped() {
        return checkpoint.manifest().progress().skipped().stream()
                .reduce(
                        SkippedSteps.NONE,
                        (all, step) -> all.and(step, "by the checkpoint of step " + step()),
                        SkippedSteps::and);
    }

    /** Digests that its checkpoints go on with. */
    SortedMap<String, String> digests() {
        SortedMap<String, String> kept = new TreeMap<>(checkpoint.manifest().digests());
        kept.keySet().retainAll(KEPT_DIGESTS);
        return kept;
    }
}
