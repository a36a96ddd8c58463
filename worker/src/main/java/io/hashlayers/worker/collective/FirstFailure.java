package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The first failure that a rank hears of; what comes later is only a consequence. Thread-safe. */
final class FirstFailure {
    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

    void record(String why) {
        reason.compareAndSet(null, why);
    }

    /** Throws if there was one. */
    void check() {
        String why = reason.get();
        if (why != null) {
            throw new TrainingException(Failure.PEER_LOST, why);
        }
    }

    /** What the others are told when {@code rank} stops because of {@code cause}; an error that was passed on stays itself. */
    static String reasonOf(int rank, Throwable cause) {
        String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        boolean passedOn = cause instanceof TrainingException known && known.failure() == Failure.PEER_LOST;
        return passedOn ? message : "rank " + rank + " failed: " + message;
    }
}
