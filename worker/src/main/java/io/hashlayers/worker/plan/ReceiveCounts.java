package io.hashlayers.worker.plan;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * How many rows one rank will receive in each step of a run, read by step from the file of a {@link ReceiveCountsWriter}.
 *
 * <p>Reads a run of steps at once into a buffer of its own; {@link #read} allocates nothing. What is allocated is bounded by
 * the length that the file really has. Not thread-safe.
 */
public final class ReceiveCounts implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;

    private final String name;
    private final FSDataInputStream in;
    private final ReceiveHeader header;
    private final int peakRows;
    private final ByteBuffer buffer; // the steps [firstStep, firstStep + bufferedSteps)
    private long firstStep;
    private int bufferedSteps;

    private ReceiveCounts(String name, FSDataInputStream in, ReceiveHeader header, int peakRows) {
        this.name = name;
        this.in = in;
        this.header = header;
        this.peakRows = peakRows;
        long atOnce = Math.max(1, Math.min(header.steps(), BUFFER_BYTES / header.stepBytes()));
        this.buffer = ByteBuffer.allocate((int) atOnce * header.stepBytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens a file and checks its header, its footer and its length.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if it is anything else than receive counts
     */
    public static ReceiveCounts open(Configuration hadoop, String path) {
        Path parsed = new Path(path);
        Folder folder = Folder.of(hadoop, String.valueOf(parsed.getParent()));
        try {
            return open(folder, parsed.getName());
        } catch (IOException e) {
            throw unreadable(folder.path(parsed.getName()).toString(), e);
        }
    }

    private static ReceiveCounts open(Folder folder, String file) throws IOException {
        String name = folder.path(file).toString();
        long length = folder.length(file);
        FSDataInputStream in = folder.open(file);
        try {
            if (length < ReceiveHeader.BYTES + ReceiveHeader.FOOTER_BYTES) {
                throw new IllegalArgumentException("it ends after " + length + " bytes");
            }
            ReceiveHeader header = ReceiveHeader.decode(bytes(in, 0, ReceiveHeader.BYTES));
            if (length != header.fileBytes()) {
                throw new IllegalArgumentException(
                        "it has %d bytes where its header tells of %d".formatted(length, header.fileBytes()));
            }
            return new ReceiveCounts(name, in, header, footer(in, header));
        } catch (IllegalArgumentException e) {
            in.close();
            throw unusable(name, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    private static int footer(FSDataInputStream in, ReceiveHeader header) throws IOException {
        byte[] bytes = bytes(in, header.position(header.steps()), ReceiveHeader.FOOTER_BYTES);
        ByteBuffer footer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int peakRows = footer.getInt();
        if (peakRows < 0 || footer.getInt() != ReceiveHeader.checksum(bytes, 0, Integer.BYTES)) {
            throw new IllegalArgumentException("its footer does not have the checksum written there");
        }
        return peakRows;
    }

    private static byte[] bytes(FSDataInputStream in, long position, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(position, bytes);
        return bytes;
    }

    /** The rank that receives. */
    public int rank() {
        return header.rank();
    }

    /** {@code W}, ranks that send. */
    public int worldSize() {
        return header.worldSize();
    }

    /** {@code L}, experts of the rank. */
    public int localExperts() {
        return header.localExperts();
    }

    /** Steps that are planned. */
    public long steps() {
        return header.steps();
    }

    /** Most rows that the rank receives in any step, from all ranks together. */
    public int peakRows() {
        return peakRows;
    }

    /**
     * Reads the counts of one step.
     *
     * @param step counted from 0
     * @param counts receives the rows from each rank to each expert of this one, experts ascending, [W][L]
     * @throws TrainingException of kind {@code DATA} that names the file if the step is damaged
     * @throws IndexOutOfBoundsException if the step is not planned
     */
    public void read(long step, int[][] counts) {
        Objects.checkIndex(step, header.steps());
        if (step < firstStep || step >= firstStep + bufferedSteps) {
            load(step);
        }
        int position = (int) (step - firstStep) * header.stepBytes();
        int countsBytes = header.stepBytes() - ReceiveHeader.CHECKSUM_BYTES;
        if (buffer.getInt(position + countsBytes) != ReceiveHeader.checksum(buffer.array(), position, countsBytes)) {
            throw unusable(name, "step " + step + " does not have the checksum written there");
        }
        copy(position, counts);
    }

    private void load(long step) {
        int count = (int) Math.min(header.steps() - step, buffer.capacity() / header.stepBytes());
        bufferedSteps = 0;
        try {
            in.readFully(header.position(step), buffer.array(), 0, count * header.stepBytes());
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        firstStep = step;
        bufferedSteps = count;
    }

    private void copy(int start, int[][] counts) {
        int position = start;
        long rows = 0;
        for (int peer = 0; peer < header.worldSize(); peer++) {
            for (int expert = 0; expert < header.localExperts(); expert++) {
                int count = header.countBytes() == Short.BYTES
                        ? Short.toUnsignedInt(buffer.getShort(position))
                        : buffer.getInt(position);
                rows += Integer.toUnsignedLong(count);
                counts[peer][expert] = count;
                position += header.countBytes();
            }
        }
        if (rows > peakRows) {
            throw unusable(name, "a step has %d rows, more than its peak of %d".formatted(rows, peakRows));
        }
    }

    private static TrainingException unusable(String name, String why) {
        return new TrainingException(
                Failure.DATA,
                name + " is not a usable file of receive counts: " + why
                        + "; delete the plan folder, and the run is planned anew");
    }

    private static TrainingException unreadable(String name, IOException e) {
        return new TrainingException(
                StorageFailure.kind(e),
                name + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                e);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }
}
