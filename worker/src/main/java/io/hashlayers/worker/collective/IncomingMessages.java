package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What one remote rank sends to one rank here.
 *
 * <p>The peer says in which buffer of which {@link Lane} it is to be assembled; a message for one whose message before was not
 * taken is refused, so no peer can take more memory than these buffers or change what is being read. Written by the transport's
 * thread, read by the rank's.
 */
final class IncomingMessages {
    private static final int AT_ONCE_BYTES = 1 << 26;
    private static final long GROWTH = 4;

    private final Incoming[] buffers = new Incoming[Lane.BUFFERS];
    private final Segments message = new Segments();

    private long assembling = 1; // sequence of the message that comes in
    private int received; // bytes of it

    private volatile long arrived; // last sequence that is whole
    private volatile long consumed; // last sequence that the rank took
    private volatile long lostAt; // System.nanoTime() when the connection closed, 0 while it is open
    private volatile boolean finished; // the peer said good-bye
    private volatile @Nullable Thread reader;
    private @Nullable Object connection; // that the peer speaks on

    /** A buffer and the last message in it. */
    private static final class Incoming {
        ByteBuffer memory = ByteBuffer.allocateDirect(0);
        long sequence;
        Kind kind = Kind.SCALARS;
        int total;
        boolean shared; // it is in the memory of this id instead
        long sharedId;

        @Nullable
        SharedMemory taken;

        /** Makes room for what has come and comes now; beyond {@link #AT_ONCE_BYTES} no more than a few times that, whatever is said. */
        void reserve(int bytes, int before, int now) {
            if (memory.capacity() < Math.min(bytes, AT_ONCE_BYTES) || memory.capacity() < before + now) {
                long room = Math.max(AT_ONCE_BYTES, GROWTH * ((long) before + now));
                ByteBuffer larger = ByteBuffer.allocateDirect((int) Math.min(bytes, room));
                memory = larger.put(0, memory, 0, before);
            }
        }
    }

    IncomingMessages() {
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = new Incoming();
        }
    }

    /** Whether the peer speaks on this connection: the first that it spoke on. */
    synchronized boolean comesBy(Object candidate) {
        if (connection == null) {
            connection = candidate;
        }
        return connection == candidate;
    }

    /** Takes a part of a message; false if it is not the one that must come next. */
    synchronized boolean add(Frame frame, ByteBuffer payload) {
        Incoming buffer = buffers[frame.buffer()];
        if (received == 0 ? !begin(frame, buffer) : !continues(frame, buffer)) {
            return false;
        }
        if (!payload.hasRemaining() && frame.total() > 0) {
            return false; // a part of nothing would begin the message twice
        }
        buffer.shared = false;
        int bytes = payload.remaining();
        buffer.reserve(frame.total(), received, bytes);
        buffer.memory.put(received, payload, payload.position(), bytes);
        received += bytes;
        if (received == frame.total()) {
            complete();
        }
        return true;
    }

    /** Takes a message that is in shared memory; false if it is not the one that must come next. */
    synchronized boolean addShared(Frame frame, ByteBuffer payload) {
        Incoming buffer = buffers[frame.buffer()];
        if (payload.remaining() != Long.BYTES || received != 0 || !begin(frame, buffer)) {
            return false;
        }
        buffer.shared = true;
        buffer.sharedId = payload.getLong();
        complete();
        return true;
    }

    /** Whether this is the first part of the message that must come next, and its buffer is free. */
    private boolean begin(Frame frame, Incoming buffer) {
        boolean free = buffer.sequence <= consumed;
        if (frame.sequence() != assembling || frame.offset() != 0 || !free) {
            return false;
        }
        buffer.sequence = frame.sequence();
        buffer.kind = frame.operation();
        buffer.total = frame.total();
        return true;
    }

    private boolean continues(Frame frame, Incoming buffer) {
        return frame.sequence() == assembling
                && frame.offset() == received
                && buffer.sequence == assembling
                && buffer.kind == frame.operation()
                && buffer.total == frame.total();
    }

    private void complete() {
        received = 0;
        arrived = assembling++;
        wake();
    }

    boolean arrived(long sequence) {
        return arrived >= sequence;
    }

    /**
     * Where the message of an operation, which has arrived, lies until it is taken.
     *
     * @param peer its sender, by name
     * @param bytes that it must have
     * @throws TrainingException BUG if it is of another operation or length; PEER_LOST if it is in shared memory that cannot be
     *     mapped
     */
    Segments message(Operation operation, String peer, long bytes) {
        Incoming buffer = bufferOf(operation.sequence());
        operation.require(peer, buffer.kind, buffer.total, bytes);
        message.clear();
        message.add(buffer.shared ? takenMemory(buffer) : buffer.memory, 0, buffer.total);
        return message;
    }

    private Incoming bufferOf(long sequence) {
        for (Incoming buffer : buffers) {
            if (buffer.sequence == sequence) {
                return buffer;
            }
        }
        throw new IllegalStateException("the message of operation " + sequence + " was overwritten");
    }

    private static ByteBuffer takenMemory(Incoming buffer) {
        SharedMemory memory = buffer.taken;
        if (memory == null || memory.id() != buffer.sharedId) {
            memory = map(buffer.sharedId);
            buffer.taken = memory;
        }
        if (memory.memory().capacity() < buffer.total) {
            throw new TrainingException(
                    Failure.PEER_LOST, "a message of " + buffer.total + " bytes is said to be in less shared memory");
        }
        return memory.memory();
    }

    private static SharedMemory map(long id) {
        try {
            return SharedMemory.take(id);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.PEER_LOST, "the shared memory of a message cannot be mapped: " + e.getMessage(), e);
        }
    }

    /** Frees the memory of the messages up to this one. */
    void take(long sequence) {
        consumed = sequence;
    }

    void readBy(Thread thread) {
        reader = thread;
    }

    void finish() {
        finished = true;
    }

    void lost() {
        if (!finished && lostAt == 0) {
            lostAt = System.nanoTime();
            wake();
        }
    }

    /** Whether the connection has been closed for at least so long. */
    boolean lostFor(long nanos) {
        long since = lostAt;
        return since != 0 && System.nanoTime() - since >= nanos;
    }

    void wake() {
        LockSupport.unpark(reader);
    }
}
