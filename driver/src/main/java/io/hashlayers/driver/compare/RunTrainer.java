package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;

/** Does the runs of a study; several threads may ask for different runs. */
public interface RunTrainer {
    /** What came of a run. */
    record Trained(RunSummary summary, RunFacts facts) {}

    /**
     * Trains to the last step, in place of what may lie in the folder.
     *
     * @param reporter tells people of the run
     * @throws io.hashlayers.sharding.TrainingException if it cannot
     */
    Trained train(ResolvedRun run, RunReporter reporter);

    /** Whether no more runs can be done, so that one that failed did not fail by itself. */
    boolean over();

    /**
     * Makes tables of the learned routers of a finished run, in place of what may be there.
     *
     * @param tableFile to be written; {@code {layer}} in it stands for the number of the block
     * @param reporter tells people of the run that needs them
     * @throws io.hashlayers.sharding.TrainingException if it cannot
     */
    void distil(ResolvedRun source, String tableFile, RunReporter reporter);
}
