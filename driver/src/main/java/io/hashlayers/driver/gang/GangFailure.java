package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import java.util.List;

/**
 * The first failure of a gang, whole.
 *
 * @param ranks that failed: one, or all of an executor; empty if that is not known
 * @param host of them, empty if that is not known
 * @param executor Spark's id of it, empty if that is not known
 * @param step that was being done when it happened, as far as the driver knows; 0 before the first
 * @param kind who can mend it
 * @param cause the sentence that is reported
 * @param log last lines that the executor logged before; empty for one that is lost
 */
public record GangFailure(
        List<Integer> ranks, String host, String executor, long step, Failure kind, String cause, List<String> log) {
    public GangFailure {
        ranks = List.copyOf(ranks);
        log = List.copyOf(log);
    }
}
