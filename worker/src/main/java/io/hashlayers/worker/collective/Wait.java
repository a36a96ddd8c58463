package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits of a rank's thread: a short spin, then parked until woken, never beyond the operation's deadline. */
final class Wait {
    private static final int SPINS = 200;
    private static final long LONGEST_PARK_NANOS = 20_000_000;

    private Wait() {}

    /** Waits until {@code done}; whoever makes it true unparks the thread, or it looks again by itself. */
    static void until(BooleanSupplier done, Operation operation, FirstFailure failure, String peer) {
        for (int spin = 0; spin < SPINS; spin++) {
            if (done.getAsBoolean()) {
                return;
            }
            Thread.onSpinWait();
        }
        while (!done.getAsBoolean()) {
            failure.check();
            if (operation.late()) {
                throw operation.lateBecauseOf(peer);
            }
            if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                throw new TrainingException(Failure.PEER_LOST, "the rank was told to stop in " + operation);
            }
            LockSupport.parkNanos(LONGEST_PARK_NANOS);
        }
    }
}
