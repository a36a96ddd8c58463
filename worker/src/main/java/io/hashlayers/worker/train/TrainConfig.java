package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;

/**
 * How long and on what a run trains.
 *
 * @param steps optimizer steps of the whole run
 * @param batchSequences {@code B}, sequences of a global batch, over all ranks
 * @param accumulateBatches {@code A}, micro-batches that a step does one after the other, adding up their gradients; divides
 *     {@code B}, and the number of ranks divides {@code B / A}
 * @param recomputeActivations whether backward passes compute the activations of a block again instead of keeping them
 * @param seed of initial values, data order and dropout
 * @param evaluateEvery steps between evaluations on the validation split, 0 for the end only
 * @param evaluateSequences sequences of the validation split that an evaluation reads, 0 for all
 * @param checkpoints when and how they are written
 * @param divergence what happens when it diverges
 * @param timeoutSeconds longest wait for another rank before the run ends
 * @param heartbeatSeconds longest silence of an executor before it is taken for hung
 */
public record TrainConfig(
        long steps,
        int batchSequences,
        int accumulateBatches,
        boolean recomputeActivations,
        long seed,
        long evaluateEvery,
        long evaluateSequences,
        CheckpointConfig checkpoints,
        DivergenceConfig divergence,
        int timeoutSeconds,
        int heartbeatSeconds)
        implements Serializable {
    private static final int DEFAULT_HEARTBEAT_SECONDS = 30;

    public TrainConfig {
        require("train.steps", steps, 1);
        require("train.batch-sequences", batchSequences, 1);
        require("train.accumulate-batches", accumulateBatches, 1);
        if (batchSequences % accumulateBatches != 0) {
            throw new TrainingException(
                    Failure.USER,
                    "train.batch-sequences is %d, which train.accumulate-batches = %d does not divide; change one of them"
                            .formatted(batchSequences, accumulateBatches));
        }
        require("train.evaluate-every", evaluateEvery, 0);
        require("train.evaluate-sequences", evaluateSequences, 0);
        require("train.timeout-seconds", timeoutSeconds, 1);
        require("train.heartbeat-seconds", heartbeatSeconds, 1);
    }

    /** A run that writes its checkpoints in the background, keeps all, and ends when it diverges. */
    public TrainConfig(
            long steps,
            int batchSequences,
            int accumulateBatches,
            boolean recomputeActivations,
            long seed,
            long evaluateEvery,
            long evaluateSequences,
            long checkpointEvery,
            int timeoutSeconds) {
        this(
                steps,
                batchSequences,
                accumulateBatches,
                recomputeActivations,
                seed,
                evaluateEvery,
                evaluateSequences,
                CheckpointConfig.every(checkpointEvery),
                DivergenceConfig.STOP,
                timeoutSeconds,
                DEFAULT_HEARTBEAT_SECONDS);
    }

    /** The same training with other checkpoints. */
    public TrainConfig with(CheckpointConfig newCheckpoints) {
        return new TrainConfig(
                steps,
                batchSequences,
                accumulateBatches,
                recomputeActivations,
                seed,
                evaluateEvery,
                evaluateSequences,
                newCheckpoints,
                divergence,
                timeoutSeconds,
                heartbeatSeconds);
    }

    /** Whether a rank keeps a copy of what it writes: if steps go on while a checkpoint is written, which they do not at the end. */
    public boolean copiesForCheckpoints() {
        return checkpoints.inBackground() && checkpoints.every() > 0 && checkpoints.every() < steps;
    }

    /** {@code B / A}, sequences of a micro-batch, over all ranks: what the model runs on at once. */
    public int microBatchSequences() {
        return batchSequences / accumulateBatches;
    }

    /** The settings that make a micro-batch, with their values, to begin a message. */
    public String microBatchSettings() {
        return accumulateBatches == 1
                ? "train.batch-sequences is " + batchSequences
                : "train.batch-sequences / train.accumulate-batches is %d / %d = %d"
                        .formatted(batchSequences, accumulateBatches, microBatchSequences());
    }

    /** Micro-batches of the whole run. */
    public long microSteps() {
        return Math.multiplyExact(steps, (long) accumulateBatches);
    }

    private static void require(String key, long value, long least) {
        if (value < least) {
            throw new TrainingException(Failure.USER, key + " is " + value + "; set it to " + least + " or more");
        }
    }
}
