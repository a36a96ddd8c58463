package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;

/**
 * How the runs of a study share a cluster.
 *
 * @param slots tasks that the cluster can run at once
 * @param parallel most runs at once
 */
public record StudySlots(int slots, int parallel) {
    /** Refuses more runs than slots. */
    public StudySlots {
        if (parallel < 1 || parallel > slots) {
            throw user("--parallel is %d; set it to 1 or more, and to at most the %d slots that there are"
                    .formatted(parallel, slots));
        }
    }

    /**
     * Settings of a run with a number of ranks, so that it is known what it was: those that it asks for, or as many as fit.
     *
     * @throws TrainingException of kind {@code USER} if the slots are too few for so many runs of its ranks
     */
    Settings share(Settings settings) {
        int ranks = settings.ranks() == 0 ? slots / parallel : settings.ranks();
        if ((long) ranks * parallel > slots) {
            throw user("%d runs at once of %d ranks need %d slots, but there are %d; lower --parallel or train.ranks"
                    .formatted(parallel, ranks, (long) ranks * parallel, slots));
        }
        return settings.withRanks(ranks);
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
