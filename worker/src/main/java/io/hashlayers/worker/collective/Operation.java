package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The operation that a rank is in: its name, its number and its deadline; one object a rank, restarted for each. */
final class Operation {
    private final int rank;
    private final Duration timeout;
    private String name = "start";
    private long sequence;
    private long deadline;

    Operation(int rank, Duration timeout) {
        this.rank = rank;
        this.timeout = timeout;
    }

    void begin(String operation) {
        name = operation;
        sequence++;
        deadline = System.nanoTime() + timeout.toNanos();
    }

    /** Counted from 1, the same on every rank. */
    long sequence() {
        return sequence;
    }

    boolean late() {
        return System.nanoTime() - deadline > 0;
    }

    TrainingException lateBecauseOf(String peer) {
        return new TrainingException(
                Failure.PEER_LOST,
                "rank %d waited %d s for %s in %s (operation %d); it hangs or is far slower: look at its log, or raise train.timeout-seconds"
                        .formatted(rank, TimeUnit.NANOSECONDS.toSeconds(timeout.toNanos()), peer, name, sequence));
    }

    TrainingException mismatch(String peer, long sent, long expected) {
        return new TrainingException(
                Failure.BUG,
                "%s sent %d bytes in %s (operation %d) where rank %d expects %d"
                        .formatted(peer, sent, name, sequence, rank, expected));
    }

    @Override
    public String toString() {
        return name + " (operation " + sequence + ")";
    }
}
