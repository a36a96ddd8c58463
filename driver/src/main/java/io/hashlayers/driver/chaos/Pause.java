package io.hashlayers.driver.chaos;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waiting for what other processes do. */
final class Pause {
    private static final long MILLIS = 50;

    /** Long enough for a process to start or to end on a busy machine. */
    static final Duration LONG = Duration.ofSeconds(60);

    private Pause() {}

    /**
     * Waits for something.
     *
     * @param what for the message
     * @throws TrainingException of kind {@code RESOURCES} if it does not come in time
     */
    static void until(String what, Duration atMost, BooleanSupplier done) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new TrainingException(
                        Failure.RESOURCES, "no sign of " + what + " within " + atMost.toSeconds() + " s");
            }
            shortly();
        }
    }

    static void shortly() {
        try {
            Thread.sleep(MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "interrupted", e);
        }
    }
}
