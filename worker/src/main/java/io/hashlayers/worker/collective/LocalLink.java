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
        final Message[] messages = new Message[Collective.WINDOW]; // of operation s at s % WINDOW
        volatile long posted; // last operation whose message is in place
        volatile long taken; // last operation whose message was copied
        volatile @Nullable Thread sender;
        volatile @Nullable Thread receiver;

        Direction() {
            for (int i = 0; i < messages.length; i++) {
                messages[i] = new Message();
            }
        }

        /**
         * Where the message of an operation is. The one that was there before, {@code WINDOW} operations ago, was copied: its
         * sender has finished that operation, or it would not have begun this one.
         */
        Message message(long sequence) {
            return messages[(int) (sequence % messages.length)];
        }
    }

    /** Where the bytes of one message lie in its sender's memory. */
    private static final class Message {
        final Segments segments = new Segments();
        Kind kind = Kind.SCALARS;

        /** Of the memory, which must not be freed when the sender ends before the receiver has read it. */
        @SuppressWarnings("UnusedVariable")
        @Nullable
        Object owner;
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
    public Segments outgoing(Operation operation) {
        return out.message(operation.sequence()).segments;
    }

    @Override
    public void post(Operation operation) {
        out.sender = Thread.currentThread();
        Message message = out.message(operation.sequence());
        message.kind = operation.kind();
        message.owner = operation.payload().owner();
        out.posted = operation.sequence();
        LockSupport.unpark(out.receiver);
    }

    @Override
    public Segments arrived(Operation operation, long bytes) {
        in.receiver = Thread.currentThread();
        sequence = operation.sequence();
        Wait.until(posted, operation, failure, peer);
        Message message = in.message(sequence);
        operation.require(peer, message.kind, message.segments.bytes(), bytes);
        return message.segments;
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
