package io.hashlayers.worker.plan;

import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes how many rows one rank will receive, step after step.
 *
 * <pre>
 * file   = header step* footer                      little-endian throughout
 * header = magic "HLRC" : 4 bytes, version : u32 = 1, rank : u32, worldSize : u32, localExperts : u32,
 *          countBytes : u32 (2 or 4), steps : u64, crc32c of the bytes before : u32
 * step   = count : u16 or u32, [worldSize, localExperts] row-major: rows from a rank to an expert of this rank, experts
 *          ascending; then crc32c of the counts : u32
 * footer = peakRows : u32, most rows of any step; crc32c of it : u32
 * </pre>
 *
 * <p>Steps have one size, so each is read by position and checked by itself.
 */
public final class ReceiveCountsWriter implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final PendingFile file;
    private final ReceiveHeader header;
    private final ByteBuffer step;
    private final byte[] pending;
    private int pendingBytes;
    private long written;
    private int peakRows;

    /**
     * Starts a file.
     *
     * @param rank that receives
     * @param localExperts {@code L}, experts of that rank
     * @param steps that will be appended
     * @param maxRows no single count is larger
     */
    public ReceiveCountsWriter(
            Folder folder, String name, int rank, int worldSize, int localExperts, long steps, int maxRows)
            throws IOException {
        header = ReceiveHeader.of(rank, worldSize, localExperts, steps, maxRows);
        step = ByteBuffer.allocate(header.stepBytes()).order(ByteOrder.LITTLE_ENDIAN);
        pending = new byte[Math.max(BUFFER_BYTES, header.stepBytes())];
        file = folder.create(name);
        buffer(header.encode());
    }

    /**
     * Appends the next step.
     *
     * @param counts rows from each rank to each expert, [W * L] row-major; not kept
     * @throws IllegalArgumentException if the size or a count is not as announced
     */
    public void append(int[] counts) throws IOException {
        if (counts.length != header.counts() || written == header.steps()) {
            throw new IllegalArgumentException("step %d of %d with %d counts, expected %d"
                    .formatted(written, header.steps(), counts.length, header.counts()));
        }
        step.clear();
        int rows = 0;
        for (int count : counts) {
            rows = Math.addExact(rows, count);
            put(count);
        }
        step.putInt(ReceiveHeader.checksum(step.array(), 0, step.position()));
        buffer(step.array());
        peakRows = Math.max(peakRows, rows);
        written++;
    }

    private void put(int count) {
        if (header.countBytes() == Integer.BYTES && count >= 0) {
            step.putInt(count);
        } else if (count >= 0 && count < 1 << Short.SIZE) {
            step.putShort((short) count);
        } else {
            throw new IllegalArgumentException(
                    "the count " + count + " does not fit " + header.countBytes() + " bytes");
        }
    }

    /**
     * Ends the file and gives it its name.
     *
     * @return most rows of any step
     * @throws IllegalStateException if steps are missing
     */
    public int finish() throws IOException {
        if (written != header.steps()) {
            throw new IllegalStateException(written + " steps of " + header.steps() + " were written");
        }
        ByteBuffer footer = ByteBuffer.allocate(ReceiveHeader.FOOTER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        footer.putInt(peakRows);
        footer.putInt(ReceiveHeader.checksum(footer.array(), 0, Integer.BYTES));
        buffer(footer.array());
        flush();
        file.commit();
        return peakRows;
    }

    private void buffer(byte[] bytes) throws IOException {
        if (pendingBytes + bytes.length > pending.length) {
            flush();
        }
        System.arraycopy(bytes, 0, pending, pendingBytes, bytes.length);
        pendingBytes += bytes.length;
    }

    private void flush() throws IOException {
        file.out().write(pending, 0, pendingBytes);
        pendingBytes = 0;
    }

    /** Lets go of the file; one that was not finished is removed. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
