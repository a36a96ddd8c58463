package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The file of an expert table.
 *
 * <pre>
 * file    = header experts footer            little-endian throughout
 * header  = magic "HLET" : 4 bytes, version : u32 = 1, values : u32, numExperts : u32, expertsPerToken : u32
 * experts = u32 * (values * expertsPerToken) row-major, tid2eid
 * footer  = crc32c of all bytes before it : u32
 * </pre>
 *
 * <p>What a reader allocates is bounded by a small multiple of the bytes that the file really holds, whatever its header
 * says, and by {@link ExpertTable#MAX_ENTRIES}.
 */
final class ExpertTableFile {
    private static final int MAGIC = 'H' | 'L' << 8 | 'E' << 16 | 'T' << 24;
    private static final int VERSION = 1;
    private static final int CHUNK = 1 << 14; // entries moved at once

    private final CheckedInputStream in;
    private final String name;

    private ExpertTableFile(InputStream in, String name) {
        this.in = new CheckedInputStream(in, new CRC32C());
        this.name = name;
    }

    static void write(ExpertTable table, OutputStream out) throws IOException {
        var checked = new CheckedOutputStream(out, new CRC32C());
        checked.write(littleEndian(MAGIC, VERSION, table.values(), table.numExperts(), table.expertsPerToken()));
        int[] experts = table.toTid2eid();
        for (int start = 0; start < experts.length; start += CHUNK) {
            checked.write(littleEndian(Arrays.copyOfRange(experts, start, Math.min(experts.length, start + CHUNK))));
        }
        out.write(littleEndian((int) checked.getChecksum().getValue()));
    }

    static ExpertTable read(InputStream in, String name) throws IOException {
        return new ExpertTableFile(in, name).read();
    }

    private ExpertTable read() throws IOException {
        int magic = readInts(1)[0];
        if (magic != MAGIC) {
            throw unusable("does not start with \"HLET\", so it is not an expert table");
        }
        int version = readInts(1)[0];
        if (version != VERSION) {
            throw unusable("has format version " + version + ", this release reads " + VERSION);
        }
        int[] sizes = readInts(3);
        int values = sizes[0];
        int k = sizes[2];
        if (values < 1 || k < 1 || (long) values * k > ExpertTable.MAX_ENTRIES) {
            throw unusable("tells of %s values with %s experts each; a table has 1 to %d entries"
                    .formatted(Integer.toUnsignedString(values), Integer.toUnsignedString(k), ExpertTable.MAX_ENTRIES));
        }
        int[] experts = readExperts(values * k);
        requireEnd();
        try {
            return ExpertTable.of(sizes[1], k, experts);
        } catch (IllegalArgumentException e) {
            throw new TrainingException(
                    Failure.DATA,
                    name + " is whole but holds no table: " + e.getMessage() + "; build the table anew",
                    e);
        }
    }

    private int[] readExperts(int entries) throws IOException {
        var experts = new int[0];
        for (int start = 0; start < entries; start += CHUNK) {
            int[] chunk = readInts(Math.min(CHUNK, entries - start));
            if (start + chunk.length > experts.length) { // grows only after the bytes have come
                experts = Arrays.copyOf(experts, (int) Math.min(entries, 2L * (start + chunk.length)));
            }
            System.arraycopy(chunk, 0, experts, start, chunk.length);
        }
        return experts;
    }

    private void requireEnd() throws IOException {
        int actual = (int) in.getChecksum().getValue();
        int expected = readInts(1)[0];
        if (actual != expected) {
            throw unusable("has checksum %08x where %08x is written, so it was damaged".formatted(actual, expected));
        }
        if (in.read() != -1) {
            throw unusable("goes on after the end of its table");
        }
    }

    private int[] readInts(int count) throws IOException {
        byte[] bytes = in.readNBytes(count * Integer.BYTES);
        if (bytes.length < count * Integer.BYTES) {
            throw unusable("ends too early, in the middle of its table");
        }
        var values = new int[count];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
        return values;
    }

    private TrainingException unusable(String what) {
        return new TrainingException(
                Failure.DATA, name + " " + what + "; copy it again from where it came, or build the table anew");
    }

    private static byte[] littleEndian(int... values) {
        var bytes = new byte[values.length * Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
        return bytes;
    }
}
