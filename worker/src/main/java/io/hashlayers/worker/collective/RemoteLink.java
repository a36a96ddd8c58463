package io.hashlayers.worker.collective;

import io.hashlayers.worker.collective.SparkTransport.Connection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between ranks of different JVMs, over one connection for each direction.
 *
 * <p>A message is copied, with its headers, into one of two buffers that take turns, so the sender's memory is free at once. A
 * buffer is free again after two operations: by then the peer has answered an operation that it began after it had
 * taken this message. Between JVMs of one machine the buffers of large messages are shared memory, and the connection
 * carries only the signal.
 */
final class RemoteLink implements Link {
    private static final long GRACE_NANOS = Duration.ofMillis(500).toNanos(); // for the reason of a closed connection
    private static final Duration GOODBYE = Duration.ofSeconds(5);
    private static final int LONGEST_REASON = 8192;
    private static final int SIGNAL_BYTES = Frame.HEADER_BYTES + Long.BYTES;
    private static final Logger log = LoggerFactory.getLogger(RemoteLink.class);

    private final int rank;
    private final int peer;
    private final long token;
    private final String name;
    private final Connection connection;
    private final IncomingMessages messages;
    private final FirstFailure failure;
    private final int maxMessageBytes;
    private final @Nullable SharedMemory[] shared = new SharedMemory[2];
    private final ByteBuffer[] signals = {
        ByteBuffer.allocateDirect(SIGNAL_BYTES), ByteBuffer.allocateDirect(SIGNAL_BYTES)
    };
    private int sharedFromBytes;
    private final Segments outgoing = new Segments();
    private final Segments staged = new Segments();
    private final ByteBuffer[] staging = {ByteBuffer.allocateDirect(0), ByteBuffer.allocateDirect(0)};

    private long sequence;
    private final BooleanSupplier arrived = this::arrived;

    RemoteLink(
            int rank,
            int peer,
            EndpointAddress address,
            Connection connection,
            IncomingMessages messages,
            FirstFailure failure,
            int maxMessageBytes,
            int sharedFromBytes) {
        this.rank = rank;
        this.peer = peer;
        this.token = address.token();
        this.name = "rank " + peer + " (" + address.host() + ":" + address.port() + ")";
        this.connection = connection;
        this.messages = messages;
        this.failure = failure;
        this.maxMessageBytes = maxMessageBytes;
        this.sharedFromBytes = sharedFromBytes;
        connection.whenClosed(messages::lost);
    }

    @Override
    public Segments outgoing() {
        return outgoing;
    }

    @Override
    public void post(Operation operation) {
        int total = Math.toIntExact(outgoing.bytes());
        SharedMemory memory = total >= sharedFromBytes ? reserveShared(operation, total) : null;
        if (memory == null) {
            postByWire(operation, total);
        } else {
            postShared(operation, total, memory);
        }
    }

    private void postShared(Operation operation, int total, SharedMemory memory) {
        staged.clear();
        staged.add(memory.memory(), 0, total);
        outgoing.copyTo(staged);
        ByteBuffer signal = signals[slot(operation)].clear();
        new Frame(Frame.SHARED, token, rank, peer, operation.sequence(), 0, total).write(signal);
        connection.send(signal.putLong(memory.id()).flip());
    }

    /** Shared memory for a message; null, and none from now on, if there is no room for it. */
    private @Nullable SharedMemory reserveShared(Operation operation, int bytes) {
        int slot = slot(operation);
        SharedMemory memory = shared[slot];
        if (memory == null || memory.memory().capacity() < bytes) {
            try {
                memory = SharedMemory.create(bytes);
                shared[slot] = memory;
            } catch (IOException e) {
                log.warn(
                        "exchanges with {} through sockets: no shared memory of {} bytes, {}",
                        name,
                        bytes,
                        e.toString());
                sharedFromBytes = Integer.MAX_VALUE;
                return null;
            }
        }
        return memory;
    }

    private static int slot(Operation operation) {
        return (int) (operation.sequence() & 1);
    }

    private void postByWire(Operation operation, int total) {
        int frames = Math.max(1, (total + maxMessageBytes - 1) / maxMessageBytes);
        ByteBuffer buffer = reserve(operation, total + frames * Frame.HEADER_BYTES);
        staged.clear();
        for (int i = 0; i < frames; i++) {
            int offset = i * maxMessageBytes;
            staged.add(buffer, offset + (i + 1) * Frame.HEADER_BYTES, Math.min(maxMessageBytes, total - offset));
        }
        outgoing.copyTo(staged);
        for (int i = 0; i < frames; i++) {
            int offset = i * maxMessageBytes;
            ByteBuffer frame = buffer.slice(
                    offset + i * Frame.HEADER_BYTES, Frame.HEADER_BYTES + Math.min(maxMessageBytes, total - offset));
            new Frame(Frame.DATA, token, rank, peer, operation.sequence(), offset, total).write(frame);
            connection.send(frame.rewind());
        }
    }

    private ByteBuffer reserve(Operation operation, int bytes) {
        int slot = slot(operation);
        if (staging[slot].capacity() < bytes) {
            staging[slot] = ByteBuffer.allocateDirect(bytes);
        }
        return staging[slot];
    }

    @Override
    public Segments arrived(Operation operation, long bytes) {
        messages.readBy(Thread.currentThread());
        sequence = operation.sequence();
        Wait.until(arrived, operation, failure, name);
        Segments message = messages.message(sequence);
        if (message.bytes() != bytes) {
            throw operation.mismatch(name, message.bytes(), bytes);
        }
        return message;
    }

    @Override
    public void taken(Operation operation) {
        messages.take(operation.sequence());
    }

    private boolean arrived() {
        if (messages.arrived(sequence)) {
            return true;
        }
        if (messages.lostFor(GRACE_NANOS)) {
            failure.record(name + " went away: its connection was closed; look at the log of its executor");
        }
        return false;
    }

    @Override
    public void release(Operation operation) {
        // The message was copied when it was posted.
    }

    @Override
    public void abort(String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        farewell(Frame.ABORT, text, Math.min(text.length, LONGEST_REASON));
    }

    @Override
    public void close() {
        farewell(Frame.BYE, new byte[0], 0);
        for (SharedMemory memory : shared) {
            unlink(memory);
        }
    }

    private void unlink(@Nullable SharedMemory memory) {
        try {
            if (memory != null) {
                memory.unlink();
            }
        } catch (IOException e) {
            log.warn("shared memory for {} is left behind: {}", name, e.toString());
        }
    }

    private void farewell(byte kind, byte[] payload, int length) {
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_BYTES + length);
        new Frame(kind, token, rank, peer, 0, 0, length).write(frame);
        try {
            connection.flush(frame.put(payload, 0, length).flip(), GOODBYE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
