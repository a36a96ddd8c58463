package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.RankActivity;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;

/**
 * What a rank tells the driver. Small, and serialized by Java, as all of Spark's RPC is.
 *
 * @param run the {@link RankInbox} it is for
 */
record RankMessage(String run, Event event) implements Serializable {
    /** What happened. */
    sealed interface Event extends Serializable {}

    /** All ranks have met. */
    record Met(List<Introduction> ranks) implements Event {}

    record Stepped(StepMetrics metrics) implements Event {}

    record Evaluated(EvaluationMetrics metrics) implements Event {}

    record Saved(long step, String path) implements Event {}

    /** These ranks live in an executor, and are in this; none: all that were there have ended. */
    record Alive(String executor, SortedMap<Integer, RankActivity.Snapshot> ranks) implements Event {}

    /** A rank is done; so many bytes were resident at most in its process. */
    record Resident(String executor, long peakBytes) implements Event {}

    /** Rank 0 came to its end; nothing follows. */
    record Finished(Serializable result) implements Event {}

    record Failed(RankFailure failure) implements Event {}
}
