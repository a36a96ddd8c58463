package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.Retention;
import java.io.Serializable;

/**
 * When a run writes checkpoints, and how.
 *
 * @param every steps between checkpoints, 0 for the end only
 * @param inBackground whether steps go on while one is written, for which a rank keeps a copy of what it writes
 * @param timeoutSeconds longest time that one takes before the run ends
 * @param retention which of them stay
 */
public record CheckpointConfig(long every, boolean inBackground, int timeoutSeconds, Retention retention)
        implements Serializable {
    private static final int TIMEOUT_SECONDS = 600;

    public CheckpointConfig {
        require("train.checkpoint-every", every, 0);
        require("train.checkpoint-timeout-seconds", timeoutSeconds, 1);
    }

    /** Checkpoints in the background, which all stay. */
    public static CheckpointConfig every(long steps) {
        return new CheckpointConfig(steps, true, TIMEOUT_SECONDS, Retention.ALL);
    }

    /** The same checkpoints, for each of which the steps wait. */
    public CheckpointConfig inForeground() {
        return new CheckpointConfig(every, false, timeoutSeconds, retention);
    }

    private static void require(String key, long value, long least) {
        if (value < least) {
            throw new TrainingException(Failure.USER, key + " is " + value + "; set it to " + least + " or more");
        }
    }
}
