package io.hashlayers.driver.chaos;

import io.hashlayers.worker.train.TrainConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * A campaign.
 *
 * @param settings of its runs, as text
 * @param train of the same
 * @param out folder of the campaign, to be made
 * @param kinds of faults
 * @param faults in all
 * @param workers of the cluster, each with one rank
 * @param seed of the schedule
 */
public record ChaosRequest(
        String settings, TrainConfig train, Path out, List<FaultKind> kinds, int faults, int workers, long seed) {
    public ChaosRequest {
        kinds = List.copyOf(kinds);
    }
}
