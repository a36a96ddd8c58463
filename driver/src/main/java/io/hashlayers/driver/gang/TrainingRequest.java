package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.RunConfig;

/**
 * What {@link TrainingRun} is asked to do.
 *
 * @param ranks {@code W}, or 0 for as many as the cluster has slots and the batch allows
 * @param leastRanks fewest ranks with which the run goes on if the cluster cannot give all that were asked for any more; 0 for
 *     never fewer
 * @param settings the resolved configuration as text, saved as {@code run.conf} and in every checkpoint
 * @param existing what becomes of a run that already lies in the folder
 * @param maxRestarts how often the run is started again from one checkpoint, after the loss of a rank or of room
 * @param runsAtOnce most runs, about as large as this one, that share the machines with it, this one included
 */
public record TrainingRequest(
        RunConfig config,
        int ranks,
        int leastRanks,
        String settings,
        Existing existing,
        int maxRestarts,
        int runsAtOnce) {
    /** What becomes of a run that already lies in the folder. */
    public enum Existing {
        /** It goes on, if its settings are the same but for those on which no step depends. */
        GO_ON,
        /** It goes on, also with another schedule of the learning rate. */
        GO_ON_RESCHEDULED,
        /** It is deleted. */
        REPLACE
    }

    public TrainingRequest {
        if (ranks < 0) {
            throw new TrainingException(
                    Failure.USER, "train.ranks is " + ranks + "; set it to 1 or more, or to 0 for all slots");
        }
        if (leastRanks < 0 || (ranks > 0 && leastRanks > ranks)) {
            throw new TrainingException(
                    Failure.USER,
                    "train.least-ranks is %d; set it to at most train.ranks, which is %d, or to 0 for never fewer"
                            .formatted(leastRanks, ranks));
        }
    }

    /** A run that has the machines for itself, and ends with its first failure. */
    public TrainingRequest(RunConfig config, int ranks, String settings, Existing existing) {
        this(config, ranks, 0, settings, existing, 0, 1);
    }

    /** The same with another choice of what becomes of a run that is there. */
    TrainingRequest with(Existing other) {
        return new TrainingRequest(config, ranks, leastRanks, settings, other, maxRestarts, runsAtOnce);
    }
}
