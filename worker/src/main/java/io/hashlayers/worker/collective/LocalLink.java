package io.hashlayers.worker.collective;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Between two ranks of one JVM: the receiver copies out of the sender's memory, and the sender waits until it has. */
final class LocalLink implements Link {
    private final Direction out;
    private final Direction in;
    private final String peer;
    private final FirstFailure failure;
    private final FirstFailure peersFailure;

    // Made once: a lambda in a wait would be allocated in every operation.
    private long sequence;
    private final BooleanSupplier posted = this::posted;
    private final BooleanSupplier released = this::released;

    private LocalLink(Direction out, Direction in, int peer, FirstFailure failure, FirstFailure peersFailure) {
        this.out = out;
        this.in = in;
        this.peer = "rank " + peer;
        this.failure = failure;
        this.peersFailure = peersFailure;
    }

    /** One way between two ranks; written by its sender but for {@code taken}. */
    private static final class Direction {
        final Segments message = new Segments();
        volatile long posted; // operation whose message is in place
        volatile long taken; // operation whose message was copied
        volatile @Nullable Thread sender;
        volatile @Nullable Thread receiver;
    }

    /** Makes both ends: [0] is that of rank {@code a}, [1] that of rank {@code b}. */
    static LocalLink[] pair(int a, FirstFailure failureOfA, int b, FirstFailure failureOfB) {
        Direction there = new Direction();
        Direction back = new Direction();
        return new LocalLink[] {
            new LocalLink(there, back, b, failureOfA, failureOfB), new LocalLink(back, there, a, failureOfB, failureOfA)
        };
    }

    @Override
    public Segments outgoing() {
        return out.message;
    }

    @Override
    public void post(Operation operation) {
        out.sender = Thread.currentThread();
        out.posted = operation.sequence();
        LockSupport.unpark(out.receiver);
    }

    @Override
    public Segments arrived(Operation operation, long bytes) {
        in.receiver = Thread.currentThread();
        sequence = operation.sequence();
        Wait.until(posted, operation, failure, peer);
        if (in.message.bytes() != bytes) {
            throw operation.mismatch(peer, in.message.bytes(), bytes);
        }
        return in.message;
    }

    @Override
    public void taken(Operation operation) {
        in.taken = operation.sequence();
        LockSupport.unpark(in.sender);
    }

    @Override
    public void release(Operation operation) {
        sequence = operation.sequence();
        Wait.until(released, operation, failure, peer);
    }

    private boolean posted() {
        return in.posted >= sequence;
    }

    private boolean released() {
        return out.taken >= sequence;
    }

    @Override
    public void abort(String reason) {
        peersFailure.record(reason);
        LockSupport.unpark(in.sender);
        LockSupport.unpark(out.receiver);
    }

    @Override
    public void close() {
        // Its memory is the ranks' own.
    }
}
