package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.transformer.FrozenTensors;
import java.io.Serializable;

/**
 * What a run begins with, and which part of it stays as it was.
 *
 * @param from folder of the run whose checkpoint gives the first values, any Hadoop path; empty to begin with random ones
 * @param step of that checkpoint, 0 for the newest
 * @param keepsTables whether layers that routed by a hash there, and do so here, go on with the same hash; else all hashes are
 *     built anew
 * @param frozen tensors that are not trained
 */
public record TuningConfig(String from, long step, boolean keepsTables, FrozenTensors frozen) implements Serializable {
    /** A run that begins with random values and trains all of them. */
    public static final TuningConfig NONE = new TuningConfig("", 0, false, FrozenTensors.NONE);

    public TuningConfig {
        if (step < 0) {
            throw user("train.from-step is " + step + "; set it to 0 or more");
        }
        if (step > 0 && from.isEmpty()) {
            throw user("train.from-step is " + step + " but train.from names no run; set it, too");
        }
    }

    /** Whether there is a checkpoint to begin with. */
    public boolean continues() {
        return !from.isEmpty();
    }

    /** The same with another name of the folder, and a step of it. */
    public TuningConfig at(String newFrom, long newStep) {
        return new TuningConfig(newFrom, newStep, keepsTables, frozen);
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
