package io.hashlayers.worker.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Sizes in a file of receive counts, whose grammar {@link ReceiveCountsWriter} gives.
 *
 * @param rank that receives
 * @param worldSize {@code W}, ranks that send
 * @param localExperts {@code L}, experts of the receiving rank, may be 0
 * @param countBytes 2 or 4, bytes of one count
 * @param steps of the file
 */
record ReceiveHeader(int rank, int worldSize, int localExperts, int countBytes, long steps) {
    static final int BYTES = 36;
    static final int CHECKSUM_BYTES = Integer.BYTES;
    static final int FOOTER_BYTES = 2 * Integer.BYTES;

    private static final int MAGIC = 'H' | 'L' << 8 | 'R' << 16 | 'C' << 24;
    private static final int VERSION = 1;
    /** Far more than any cluster needs; bounds what a reader allocates for one step. */
    private static final int MAX_COUNTS = 1 << 24;

    ReceiveHeader {
        if (worldSize < 1 || rank < 0 || rank >= worldSize) {
            throw new IllegalArgumentException("rank " + rank + " of " + worldSize);
        }
        if (localExperts < 0 || (long) worldSize * localExperts > MAX_COUNTS) {
            throw new IllegalArgumentException(localExperts + " experts and " + worldSize + " ranks are out of range");
        }
        if (countBytes != Short.BYTES && countBytes != Integer.BYTES) {
            throw new IllegalArgumentException("counts of " + countBytes + " bytes");
        }
        if (steps < 0 || steps > Long.MAX_VALUE / (4L * MAX_COUNTS + CHECKSUM_BYTES) - 1) {
            throw new IllegalArgumentException(steps + " steps are out of range");
        }
    }

    /** The header for counts of at most {@code maxRows} each. */
    static ReceiveHeader of(int rank, int worldSize, int localExperts, long steps, int maxRows) {
        int countBytes = maxRows < 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
        return new ReceiveHeader(rank, worldSize, localExperts, countBytes, steps);
    }

    /** Counts of one step. */
    int counts() {
        return worldSize * localExperts;
    }

    /** Bytes of one step, checksum included. */
    int stepBytes() {
        return counts() * countBytes + CHECKSUM_BYTES;
    }

    /** Where a step begins; that of {@link #steps} is where the footer does. */
    long position(long step) {
        return BYTES + step * stepBytes();
    }

    /** Bytes of the whole file. */
    long fileBytes() {
        return position(steps) + FOOTER_BYTES;
    }

    byte[] encode() {
        ByteBuffer buffer = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(MAGIC).putInt(VERSION);
        buffer.putInt(rank).putInt(worldSize).putInt(localExperts).putInt(countBytes);
        buffer.putLong(steps);
        buffer.putInt(checksum(buffer.array(), 0, BYTES - CHECKSUM_BYTES));
        return buffer.array();
    }

    /**
     * Reads a header.
     *
     * @throws IllegalArgumentException that says why these bytes are none
     */
    static ReceiveHeader decode(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (buffer.getInt() != MAGIC) {
            throw new IllegalArgumentException("it does not start with \"HLRC\"");
        }
        int version = buffer.getInt();
        if (version != VERSION) {
            throw new IllegalArgumentException("its format version is " + version + ", this program reads " + VERSION);
        }
        if (buffer.getInt(BYTES - CHECKSUM_BYTES) != checksum(bytes, 0, BYTES - CHECKSUM_BYTES)) {
            throw new IllegalArgumentException("its header does not have the checksum written there");
        }
        return new ReceiveHeader(buffer.getInt(), buffer.getInt(), buffer.getInt(), buffer.getInt(), buffer.getLong());
    }

    static int checksum(byte[] bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
