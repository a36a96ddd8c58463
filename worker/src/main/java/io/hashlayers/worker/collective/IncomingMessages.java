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
 * <p>Messages are assembled in two buffers that take turns. Two are enough: the peer sends message {@code s + 2} only after it
 * received our message {@code s + 1}, which we send only after we took its message {@code s}. Written by the transport's
 * thread, read by the rank's.
 */
final class IncomingMessages {
    private final ByteBuffer[] slots = {ByteBuffer.allocateDirect(0), ByteBuffer.allocateDirect(0)};
    private final int[] totals = new int[2];
    private final long[] sharedIds = new long[2]; // of the memory that has the message, if it is not in the slot
    private final boolean[] shared = new boolean[2];
    private final @Nullable SharedMemory[] taken = new SharedMemory[2];
    private final Segments message = new Segments();

    private long assembling = 1; // sequence of the message that comes in
    private int received; // bytes of it

    private volatile long arrived; // last sequence that is whole
    private volatile long consumed; // last sequence that the rank took
    private volatile long lostAt; // System.nanoTime() when the connection closed, 0 while it is open
    private volatile boolean finished; // the peer said good-bye
    private volatile @Nullable Thread reader;

    /** Takes a part of a message; false if it is not the one that must come next. */
    synchronized boolean add(Frame frame, ByteBuffer payload) {
        if (frame.sequence() != assembling || frame.offset() != received || assembling > consumed + 2) {
            return false;
        }
        int slot = (int) (assembling & 1);
        shared[slot] = false;
        if (received == 0) {
            totals[slot] = frame.total();
            if (slots[slot].capacity() < frame.total()) {
                slots[slot] = ByteBuffer.allocateDirect(frame.total());
            }
        } else if (totals[slot] != frame.total()) {
            return false;
        }
        int bytes = payload.remaining();
        slots[slot].put(received, payload, payload.position(), bytes);
        received += bytes;
        if (received == frame.total()) {
            received = 0;
            arrived = assembling++;
            wake();
        }
        return true;
    }

    /** Takes a message that is in shared memory; false if it is not the one that must come next. */
    synchronized boolean addShared(Frame frame, ByteBuffer payload) {
        if (frame.sequence() != assembling
                || received != 0
                || frame.offset() != 0
                || payload.remaining() != Long.BYTES
                || assembling > consumed + 2) {
            return false;
        }
        int slot = (int) (assembling & 1);
        shared[slot] = true;
        sharedIds[slot] = payload.getLong();
        totals[slot] = frame.total();
        arrived = assembling++;
        wake();
        return true;
    }

    boolean arrived(long sequence) {
        return arrived >= sequence;
    }

    /**
     * Where an arrived message lies until it is taken.
     *
     * @throws TrainingException PEER_LOST if it is in shared memory that cannot be mapped
     */
    Segments message(long sequence) {
        int slot = (int) (sequence & 1);
        message.clear();
        message.add(shared[slot] ? takenMemory(slot) : slots[slot], 0, totals[slot]);
        return message;
    }

    private ByteBuffer takenMemory(int slot) {
        SharedMemory memory = taken[slot];
        if (memory == null || memory.id() != sharedIds[slot]) {
            memory = map(sharedIds[slot]);
            taken[slot] = memory;
        }
        if (memory.memory().capacity() < totals[slot]) {
            throw new TrainingException(
                    Failure.PEER_LOST, "a message of " + totals[slot] + " bytes is said to be in less shared memory");
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

    /** Frees the memory of an arrived message. */
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
