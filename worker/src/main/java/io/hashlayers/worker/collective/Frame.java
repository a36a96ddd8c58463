package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The header of a message on the wire.
 *
 * <pre>
 * frame = magic "HLC1" : u32, kind : u8, token : u64, source : u32, destination : u32, operation : u8, buffer : u8,
 *         sequence : u64, offset : u32, total : u32, payload : rest of the message       big-endian
 * </pre>
 *
 * @param kind {@link #DATA}, {@link #ABORT}, {@link #BYE} or {@link #SHARED}
 * @param token of the endpoint that is addressed; whoever does not know it is of another run
 * @param source sending rank
 * @param destination receiving rank
 * @param operation what it is
 * @param buffer of the receiver, of those of all lanes, for the data
 * @param sequence number of the operation
 * @param offset of this payload in the data of the operation, bytes
 * @param total bytes of the data of the operation
 */
record Frame(
        byte kind,
        long token,
        int source,
        int destination,
        Kind operation,
        int buffer,
        long sequence,
        int offset,
        int total) {
    static final byte DATA = 0;
    static final byte ABORT = 1;
    static final byte BYE = 2;

    /** The data are in shared memory, of which the payload is the id. */
    static final byte SHARED = 3;

    static final int HEADER_BYTES = 39;

    private static final int MAGIC = 0x484C4331;
    private static final int MOST_RANKS = 1 << 20;

    void write(ByteBuffer buffer) {
        buffer.putInt(MAGIC)
                .put(kind)
                .putLong(token)
                .putInt(source)
                .putInt(destination)
                .put(operation.code())
                .put((byte) this.buffer)
                .putLong(sequence)
                .putInt(offset)
                .putInt(total);
    }

    /** Reads a header and leaves the buffer at its payload; null if these bytes are no frame of ours. */
    static @Nullable Frame read(ByteBuffer message) {
        if (message.remaining() < HEADER_BYTES || message.getInt() != MAGIC) {
            return null;
        }
        byte kind = message.get();
        long token = message.getLong();
        int source = message.getInt();
        int destination = message.getInt();
        Kind operation = Kind.of(message.get());
        int buffer = message.get();
        if (operation == null || !inRange(buffer, Lane.BUFFERS)) {
            return null;
        }
        Frame frame = new Frame(
                kind,
                token,
                source,
                destination,
                operation,
                buffer,
                message.getLong(),
                message.getInt(),
                message.getInt());
        boolean sane = frame.kind >= DATA
                && frame.kind <= SHARED
                && inRange(frame.source, MOST_RANKS)
                && inRange(frame.destination, MOST_RANKS)
                && frame.offset >= 0
                && frame.total >= 0
                && (long) frame.offset + message.remaining() <= frame.total;
        return sane ? frame : null;
    }

    private static boolean inRange(int value, int end) {
        return value >= 0 && value < end;
    }
}
