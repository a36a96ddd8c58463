package io.hashlayers.driver.gang;

import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.RowSource;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;

/**
 * A split whose traffic is planned. Tasks make the schedule anew, as it is not serializable.
 *
 * @param name of the split
 * @param training whether it is read in the order of training, for all its steps, or once from its start
 * @param predictionsDir folder of the predictions that hashes read; empty if none reads any
 */
record PlannedSplit(String name, boolean training, RunConfig config, String predictionsDir) implements Serializable {
    /** Where its rows lie. */
    RowSource rows() {
        return new RowSource(config.datasetDir(), name, config.model().contextLength(), predictionsDir);
    }

    /**
     * Which sequences each step of the plan reads: a micro-batch of training, or a batch of an evaluation.
     *
     * @param rows sequences of the split
     */
    BatchSchedule schedule(long rows) {
        return training ? config.trainingSchedule(rows) : config.evaluationSchedule(rows);
    }

    /** Steps to plan. */
    long steps(BatchSchedule schedule) {
        return training ? config.train().microSteps() : schedule.steps();
    }
}
