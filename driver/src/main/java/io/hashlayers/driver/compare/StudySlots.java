package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.BatchShares;
import io.hashlayers.driver.gang.Preflight;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.List;

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
     * Ranks of a run: those that it asks for, or as many as can share its batch on its part of the slots.
     *
     * @throws TrainingException of kind {@code USER} if the slots are too few for so many runs of its ranks, or if these cannot
     *     share its batch
     */
    int ranks(Settings settings) {
        int ranks = Preflight.ranksOn(slots / parallel, settings.ranks(), shares(settings));
        if ((long) ranks * parallel > slots) {
            throw user("%d runs at once of %d ranks need %d slots, but there are %d; lower --parallel or train.ranks"
                    .formatted(parallel, ranks, (long) ranks * parallel, slots));
        }
        return ranks;
    }

    private static BatchShares shares(Settings settings) {
        return BatchShares.of(settings.train(), List.of(settings.model(1))); // of any vocabulary
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
