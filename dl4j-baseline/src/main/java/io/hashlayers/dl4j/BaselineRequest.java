package io.hashlayers.dl4j;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;

/**
 * What the baseline is asked to train: the dense twin of a run's model.
 *
 * @param config of the dense model
 * @param workers {@code W}, or 0 for as many as there are slots and the batch allows
 * @param averagingFrequency steps between two averagings
 * @param settings the resolved configuration as text, saved as {@code run.conf}
 * @param overwrite whether a run that already lies in the folder is deleted first
 */
record BaselineRequest(RunConfig config, int workers, int averagingFrequency, String settings, boolean overwrite) {
    BaselineRequest {
        TrainConfig train = config.train();
        if (workers > 0 && train.batchSequences() % workers != 0) {
            throw user("train.batch-sequences is %d, which train.ranks = %d does not divide; change one of them"
                    .formatted(train.batchSequences(), workers));
        }
        if (averagingFrequency < 1) {
            throw user("--averaging-frequency is " + averagingFrequency + "; set it to 1 or more");
        }
        if (config.model().dropout() > 0) {
            throw user("model.dropout is " + config.model().dropout()
                    + ", which this baseline does not have; set it to 0");
        }
        if (train.accumulateBatches() > 1) {
            throw user("train.accumulate-batches is " + train.accumulateBatches()
                    + ", which Deeplearning4j does not have; set it to 1");
        }
        if (train.steps() > Integer.MAX_VALUE) {
            throw user("train.steps is " + train.steps() + "; Deeplearning4j counts to " + Integer.MAX_VALUE);
        }
        config = config.of(config.model().dense());
    }

    /** Workers for so many slots. */
    int workersOn(int slots) {
        if (workers > 0) {
            return workers;
        }
        int divisor = Math.min(config.train().batchSequences(), slots);
        while (config.train().batchSequences() % divisor != 0) {
            divisor--;
        }
        return divisor;
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
