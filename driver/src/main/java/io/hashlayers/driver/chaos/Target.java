package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What faults strike.
 *
 * @param driver the running {@code train} command
 * @param run its folder
 * @param store what the run's file system does, a control file of {@link ChaosFileSystem}
 * @param random of the schedule
 */
record Target(StandaloneCluster cluster, ProcessHandle driver, Path run, Path store, SplittableRandom random) {
    /**
     * One of several, by the schedule.
     *
     * @throws IOException if there are none
     */
    <T> T oneOf(List<T> choices) throws IOException {
        if (choices.isEmpty()) {
            throw new IOException("there is nothing to strike");
        }
        return choices.get(random.nextInt(choices.size()));
    }

    /** Waits for the end of a driver that was killed, with a deadline. */
    void awaitEndOfDriver() {
        Pause.until("the end of the killed driver", Pause.LONG, () -> !driver.isAlive());
    }

    ProcessHandle anExecutor() throws IOException {
        return oneOf(cluster.executors());
    }
}
