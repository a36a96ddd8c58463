package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An operation that a rank has begun: what it is, its number, its memory and the deadline of its waits. Begun anew again and again. */
final class Operation {
    private final int rank;
    private final Duration timeout;
    private final Payload payload;
    private Kind kind = Kind.SCALARS;
    private long sequence;
    private int buffer;
    private long deadline;

    Operation(int rank, int worldSize, Duration timeout) {
        this.rank = rank;
        this.timeout = timeout;
        this.payload = new Payload(rank, worldSize);
    }

    /**
     * @param newSequence counted from 1, the same on every rank
     * @param newBuffer of those of all lanes, in which its messages lie between JVMs
     */
    void begin(Kind newKind, long newSequence, int newBuffer) {
        kind = newKind;
        sequence = newSequence;
        buffer = newBuffer;
    }

    /** Begins to count the time-out: from here on others are waited for. */
    void waitFromNow() {
        deadline = System.nanoTime() + timeout.toNanos();
    }

    Kind kind() {
        return kind;
    }

    long sequence() {
        return sequence;
    }

    int buffer() {
        return buffer;
    }

    Payload payload() {
        return payload;
    }

    boolean late() {
        return System.nanoTime() - deadline > 0;
    }

    TrainingException lateBecauseOf(String peer) {
        return new TrainingException(
                Failure.PEER_LOST,
                "rank %d waited %d s for %s in %s; it hangs or is far slower: look at its log, or raise train.timeout-seconds"
                        .formatted(rank, TimeUnit.NANOSECONDS.toSeconds(timeout.toNanos()), peer, this));
    }

    /**
     * Refuses a peer's message that is not the one that this operation expects.
     *
     * @param sent bytes of it
     */
    void require(String peer, Kind theirs, long sent, long expected) {
        if (theirs != kind) {
            throw new TrainingException(
                    Failure.BUG,
                    "%s is in %s where rank %d is in %s; all ranks must begin the same operations in the same order"
                            .formatted(peer, theirs, rank, this));
        }
        if (sent != expected) {
            throw new TrainingException(
                    Failure.BUG,
                    "%s sent %d bytes in %s where rank %d expects %d".formatted(peer, sent, this, rank, expected));
        }
    }

    @Override
    public String toString() {
        return kind + " (operation " + sequence + ")";
    }
}
