package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.TableConfig;

/**
 * What {@link DistillationRun} is asked to do.
 *
 * @param reading which model reads which split, and how
 * @param sequences of the split that are read, from the first on; 0 for all
 * @param out file of the table, any Hadoop path; {@link TableConfig#LAYER} in it stands for the index of the block
 * @param overwrite whether files that are there already are replaced
 */
public record DistillationRequest(EvaluationRequest reading, long sequences, String out, boolean overwrite) {
    public DistillationRequest {
        if (sequences < 0) {
            throw new TrainingException(
                    Failure.USER, "--sequences is " + sequences + "; set it to 1 or more, or to 0 for all");
        }
    }
}
