package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.time.Duration;

/** Something that goes wrong outside of a run. */
interface Fault {
    /**
     * Does it.
     *
     * @return to what, in a few words
     */
    String strike(Target target) throws IOException, InterruptedException;

    /** How long it lasts if the run does not end of it. */
    default Duration lasts() {
        return Duration.ZERO;
    }

    /** Whether it lasts until the run goes on in spite of it. */
    default boolean outlastsTheRun() {
        return false;
    }

    /** Takes back what would go on; once, when its time is over or the run has ended of it. */
    default void heal(Target target) throws IOException, InterruptedException {}
}
