package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunSummary;

/** Does the runs of a study. */
public interface RunTrainer {
    /** What came of a run. */
    record Trained(RunSummary summary, RunFacts facts) {}

    /**
     * Trains to the last step, in place of what may lie in the folder.
     *
     * @throws io.hashlayers.sharding.TrainingException if it cannot
     */
    Trained train(ResolvedRun run);

    /**
     * Makes a table of the learned router of a finished run.
     *
     * @param tableFile to be written, in the layout of tid2eid
     * @throws io.hashlayers.sharding.TrainingException if it cannot
     */
    void distil(ResolvedRun source, String tableFile);
}
