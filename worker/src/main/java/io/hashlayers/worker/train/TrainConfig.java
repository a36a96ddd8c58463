package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;

/**
 * How long and on what a run trains.
 *
 * @param steps optimizer steps of the whole run
 * @param batchSequences sequences of a global batch, over all ranks; the number of ranks divides it
 * @param recomputeActivations whether backward passes compute the activations of a block again instead of keeping them
 * @param seed of initial values, data order and dropout
 * @param evaluateEvery steps between evaluations on the validation split, 0 for the end only
 * @param evaluateSequences sequences of the validation split that an evaluation reads, 0 for all
 * @param checkpointEvery steps between checkpoints, 0 for the end only
 * @param timeoutSeconds longest wait for another rank before the run ends
 */
public record TrainConfig(
        long steps,
        int batchSequences,
        boolean recomputeActivations,
        long seed,
        long evaluateEvery,
        long evaluateSequences,
        long checkpointEvery,
        int timeoutSeconds)
        implements Serializable {
    public TrainConfig {
        require("train.steps", steps, 1);
        require("train.batch-sequences", batchSequences, 1);
        require("train.evaluate-every", evaluateEvery, 0);
        require("train.evaluate-sequences", evaluateSequences, 0);
        require("train.checkpoint-every", checkpointEvery, 0);
        require("train.timeout-seconds", timeoutSeconds, 1);
    }

    private static void require(String key, long value, long least) {
        if (value < least) {
            throw new TrainingException(Failure.USER, key + " is " + value + "; set it to " + least + " or more");
        }
    }
}
