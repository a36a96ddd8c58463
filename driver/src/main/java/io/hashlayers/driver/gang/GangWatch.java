package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.Optional;

/** Looks at a running gang again and again, and says why it must be stopped: nothing in it may last for ever. */
final class GangWatch {
    /** So many time-outs of a wait for others may a rank be in one thing that is no such wait, such as reading a checkpoint. */
    private static final int STUCK = 10;

    private final RankInbox inbox;
    private final int worldSize;
    private final Duration meet;
    private final Duration timeout;
    private final Duration longestSilence;
    private final long start = System.nanoTime();
    private long lastLook = start;

    /**
     * @param meet how long the ranks have to meet
     * @param timeout longest time that a message may keep the reporter busy, and that ranks wait for each other
     * @param longestSilence of an executor
     */
    GangWatch(RankInbox inbox, int worldSize, Duration meet, Duration timeout, Duration longestSilence) {
        this.inbox = inbox;
        this.worldSize = worldSize;
        this.meet = meet;
        this.timeout = timeout;
        this.longestSilence = longestSilence;
    }

    /** Looks once; empty if the gang may go on. */
    Optional<? extends RuntimeException> reasonToStop() {
        if (inbox.reporterFailure().isPresent()) {
            return inbox.reporterFailure();
        }
        Duration reporting = inbox.reportingFor();
        if (reporting.compareTo(timeout) > 0) {
            return Optional.of(new TrainingException(
                    Failure.RESOURCES,
                    "the run's folder did not take what the run reports for %d s; look at its storage, or raise train.timeout-seconds"
                            .formatted(reporting.toSeconds())));
        }
        if (inbox.ranks().isEmpty() && System.nanoTime() - start > meet.toNanos()) {
            return Optional.of(new TrainingException(
                    Failure.RESOURCES,
                    "%d ranks did not meet within %d s; other jobs may hold the slots, see the Spark UI, or raise spark.barrier.sync.timeout"
                            .formatted(worldSize, meet.toSeconds())));
        }
        return Optional.empty();
    }

    /**
     * Looks for a silent executor, or a rank that is stuck. Silence counts only while this JVM could hear: it may have stood still itself, or be busy with
     * an earlier message.
     */
    Optional<GangFailure> hung() {
        long now = System.nanoTime();
        boolean stoodStill = now - lastLook > longestSilence.toNanos() / 2;
        lastLook = now;
        if (stoodStill || !inbox.reportingFor().isZero()) {
            inbox.living().couldNotHear();
            return Optional.empty();
        }
        Verdict verdict = new Verdict(inbox, Optional.empty());
        Optional<GangFailure> silent =
                inbox.living().silentFor(longestSilence).stream().findFirst().map(verdict::hung);
        return silent.isPresent()
                ? silent
                : inbox.living().inTheSameFor(timeout.multipliedBy(STUCK)).stream()
                        .findFirst()
                        .map(verdict::stuck);
    }
}
