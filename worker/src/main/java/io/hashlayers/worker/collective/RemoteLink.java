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
 * <p>A message is copied, with its headers, into a buffer of its {@link Lane}, so the sender's memory is free at once, and the
 * transport's threads send it while the rank computes. Between JVMs of one machine the buffers of large messages are shared
 * memory, and the connection carries only the signal.
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
    private final Outgoing[] buffers = new Outgoing[Lane.BUFFERS];
    private int sharedFromBytes;
    private final Segments outgoing = new Segments();
    private final Segments staged = new Segments();

    private long sequence;
    private final BooleanSupplier arrived = this::arrived;

    /** Where a message lies until the peer has taken it; what it needs of these is made when it first needs it. */
    private static final class Outgoing {
        ByteBuffer frames = ByteBuffer.allocateDirect(0);

        @Nullable
        SharedMemory shared;

        ByteBuffer signal = ByteBuffer.allocateDirect(0); // that a message is in shared memory
    }

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
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = new Outgoing();
        }
        connection.whenClosed(messages::lost);
    }

    @Override
    public Segments outgoing(Operation operation) {
        return outgoing; // copied when it is posted
    }

    @Override
    public void post(Operation operation) {
        int total = Math.toIntExact(outgoing.bytes());
        Outgoing buffer = buffers[operation.buffer()];
        SharedMemory memory = total >= sharedFromBytes ? reserveShared(buffer, total) : null;
        if (memory == null) {
            postByWire(operation, buffer, total);
        } else {
            postShared(operation, buffer, memory, total);
        }
    }

    private void postShared(Operation operation, Outgoing buffer, SharedMemory memory, int total) {
        staged.clear();
        staged.add(memory.memory(), 0, total);
        outgoing.copyTo(staged);
        if (buffer.signal.capacity() == 0) {
            buffer.signal = ByteBuffer.allocateDirect(SIGNAL_BYTES);
        }
        frame(Frame.SHARED, operation, 0, total).write(buffer.signal.clear());
        connection.send(buffer.signal.putLong(memory.id()).flip());
    }

    private Frame frame(byte kind, Operation operation, int offset, int total) {
        return new Frame(
                kind, token, rank, peer, operation.kind(), operation.buffer(), operation.sequence(), offset, total);
    }

    /** Shared memory for a message; null, and none from now on, if there is no room for it. */
    private @Nullable SharedMemory reserveShared(Outgoing buffer, int bytes) {
        SharedMemory memory = buffer.shared;
        if (memory == null || memory.memory().capacity() < bytes) {
            try {
                memory = SharedMemory.create(bytes);
                buffer.shared = memory;
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

    private void postByWire(Operation operation, Outgoing buffer, int total) {
        int frames = Math.max(1, (total + maxMessageBytes - 1) / maxMessageBytes);
        int bytes = total + frames * Frame.HEADER_BYTES;
        if (buffer.frames.capacity() < bytes) {
            buffer.frames = ByteBuffer.allocateDirect(bytes);
        }
        staged.clear();
        for (int i = 0; i < frames; i++) {
            int offset = i * maxMessageBytes;
            staged.add(buffer.frames, offset + (i + 1) * Frame.HEADER_BYTES, Math.min(maxMessageBytes, total - offset));
        }
        outgoing.copyTo(staged);
        for (int i = 0; i < frames; i++) {
            int offset = i * maxMessageBytes;
            ByteBuffer frame = buffer.frames.slice(
                    offset + i * Frame.HEADER_BYTES, Frame.HEADER_BYTES + Math.min(maxMessageBytes, total - offset));
            frame(Frame.DATA, operation, offset, total).write(frame);
            connection.send(frame.rewind());
        }
    }

    @Override
    public Segments arrived(Operation operation, long bytes) {
        messages.readBy(Thread.currentThread());
        sequence = operation.sequence();
        Wait.until(arrived, operation, failure, name);
        return messages.message(operation, name, bytes);
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
        for (Outgoing buffer : buffers) {
            unlink(buffer.shared);
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
        new Frame(kind, token, rank, peer, Kind.SCALARS, 0, 0, 0, length).write(frame);
        try {
            connection.flush(frame.put(payload, 0, length).flip(), GOODBYE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
