package io.hashlayers.driver.chaos;

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
    /** One of several, by the schedule. */
    <T> T oneOf(List<T> choices) {
        if (choices.isEmpty()) {
            throw new IllegalStateException("there is nothing to strike");
        }
        return choices.get(random.nextInt(choices.size()));
    }

    ProcessHandle anExecutor() {
        return oneOf(cluster.executors());
    }
}
