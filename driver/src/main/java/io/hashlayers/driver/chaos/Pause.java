package io.hashlayers.driver.chaos;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;

/** Between two looks at something that other processes do. */
final class Pause {
    private static final long MILLIS = 50;

    private Pause() {}

    static void shortly() {
        try {
            Thread.sleep(MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "interrupted", e);
        }
    }
}
