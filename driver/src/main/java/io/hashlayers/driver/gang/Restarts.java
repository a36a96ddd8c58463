package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import java.time.Duration;

/**
 * Decides whether a run that failed is started again: as often as it likes while it gets further, and only so many times from
 * the same checkpoint.
 */
final class Restarts {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private final int most;
    private int count;
    private int inVain; // restarts since the run got further
    private long lastStep = -1;

    /**
     * @param most restarts from one checkpoint
     */
    Restarts(int most) {
        this.most = most;
    }

    /**
     * Counts a restart, if there may be one.
     *
     * @param step of the newest checkpoint, 0 for none
     */
    boolean allow(TrainingException failure, long step) {
        if (step > lastStep) {
            inVain = 0;
        }
        if (!failure.failure().retryable() || inVain >= most) {
            return false;
        }
        lastStep = step;
        inVain++;
        count++;
        return true;
    }

    /** Restarts in all. */
    int count() {
        return count;
    }

    /** How long to wait before the restart that was counted last: twice as long each time that it was in vain. */
    Duration pause() {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(inVain - 1, 6));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
