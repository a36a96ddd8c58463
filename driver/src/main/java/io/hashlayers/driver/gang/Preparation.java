package io.hashlayers.driver.gang;

import io.hashlayers.worker.train.Routing;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt of a run has made ready, and the next one in the same driver finds as it was: the dataset was read whole, and
 * tables and plan are in the run's folder. Belongs to the thread of the run.
 */
final class Preparation {
    private boolean wholeDataset;
    private int worldSize;
    private @Nullable Routing routing;

    /** Whether the checksums of the dataset were compared. */
    boolean wholeDataset() {
        return wholeDataset;
    }

    void noteWholeDataset() {
        wholeDataset = true;
    }

    /** Ranks of the attempt before, 0 if there was none. */
    int ranks() {
        return worldSize;
    }

    /** The routing of a run on so many ranks. */
    Optional<Routing> routing(int ranks) {
        return ranks == worldSize ? Optional.ofNullable(routing) : Optional.empty();
    }

    /** Whether the run's folder is that of an attempt before. */
    boolean inFolder() {
        return routing != null;
    }

    void note(int ranks, Routing made) {
        worldSize = ranks;
        routing = made;
    }

    /** The run's folder was removed. */
    void forgetFolder() {
        routing = null;
    }
}
