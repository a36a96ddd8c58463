package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * An open safetensors file of a checkpoint: tensors by name, each checked against the manifest as it is read. Bytes that are
 * not asked for are not read. Not thread-safe.
 */
final class SafetensorsFile implements AutoCloseable {
    private static final int CHUNK_FLOATS = 1 << 18;

    private final String path;
    private final FSDataInputStream in;
    private final long dataStart;
    private final Map<String, SafetensorsHeader.Entry> tensors = new HashMap<>();
    private final Map<String, String> checksums = new HashMap<>();

    private SafetensorsFile(
            String path, FSDataInputStream in, SafetensorsHeader header, CheckpointManifest.FileEntry expected) {
        this.path = path;
        this.in = in;
        this.dataStart = header.dataStart();
        header.tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        expected.tensors().forEach(tensor -> checksums.put(tensor.name(), tensor.crc32c()));
    }

    /**
     * Opens a file and checks that its length and its header are those in the manifest.
     *
     * @throws TrainingException of kind {@code DATA} that names the file
     */
    static SafetensorsFile open(Folder folder, CheckpointManifest.FileEntry expected) {
        String path = folder.path(expected.file()).toString();
        try {
            long length = folder.length(expected.file());
            FSDataInputStream in = folder.open(expected.file());
            try {
                return new SafetensorsFile(path, in, header(in, length, expected), expected);
            } catch (IllegalArgumentException e) {
                in.close();
                throw damaged(path, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                in.close();
                throw e;
            }
        } catch (FileNotFoundException e) {
            throw new TrainingException(
                    Failure.DATA, path + " is missing; restore it or take another checkpoint of the run", e);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static SafetensorsHeader header(FSDataInputStream in, long length, CheckpointManifest.FileEntry expected)
            throws IOException {
        if (length != expected.bytes() || length < SafetensorsHeader.LENGTH_BYTES) {
            throw new IllegalArgumentException("it has " + length + " bytes, the manifest says " + expected.bytes());
        }
        byte[] lengthBytes = new byte[SafetensorsHeader.LENGTH_BYTES];
        in.readFully(0, lengthBytes);
        byte[] json = new byte[SafetensorsHeader.decodeLength(lengthBytes, length)];
        in.readFully(lengthBytes.length, json);
        var crc = new CRC32C();
        crc.update(lengthBytes, 0, lengthBytes.length);
        crc.update(json, 0, json.length);
        if (!SafetensorsWriter.hex(crc).equals(expected.headerCrc32c())) {
            throw new IllegalArgumentException("its header has checksum %s, the manifest says %s"
                    .formatted(SafetensorsWriter.hex(crc), expected.headerCrc32c()));
        }
        return SafetensorsHeader.decode(json, length);
    }

    /**
     * Reads all tensors and keeps none.
     *
     * @throws TrainingException of kind {@code DATA} that names file and tensor if one is not there or damaged
     */
    void verify() {
        byte[] chunk = new byte[CHUNK_FLOATS * Float.BYTES];
        for (String name : checksums.keySet()) {
            SafetensorsHeader.Entry entry = entry(name);
            try {
                requireChecksum(name, checksum(dataStart + entry.begin(), entry.end() - entry.begin(), chunk));
            } catch (IOException e) {
                throw unreadable(path, e);
            }
        }
    }

    private String checksum(long position, long bytes, byte[] chunk) throws IOException {
        var crc = new CRC32C();
        for (long done = 0; done < bytes; done += chunk.length) {
            int count = (int) Math.min(chunk.length, bytes - done);
            in.readFully(position + done, chunk, 0, count);
            crc.update(chunk, 0, count);
        }
        return SafetensorsWriter.hex(crc);
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = tensors.get(name);
        if (entry == null) {
            throw damaged(path, "it has no tensor " + name + ", which the manifest places there");
        }
        return entry;
    }

    private void requireChecksum(String name, String actual) {
        if (!actual.equals(checksums.get(name))) {
            throw damaged(
                    path,
                    "tensor %s has checksum %s, the manifest says %s".formatted(name, actual, checksums.get(name)));
        }
    }

    /**
     * Reads a tensor into a matrix of its shape; what the matrix holds after an exception is undefined.
     *
     * @throws TrainingException of kind {@code DATA} that names file and tensor if it is not there, has another shape or is
     *     damaged
     */
    void read(String name, Matrix into) {
        SafetensorsHeader.Entry entry = entry(name);
        if (entry.rows() != into.rows() || entry.cols() != into.cols()) {
            throw damaged(
                    path,
                    "tensor %s is [%d, %d] where the model needs [%d, %d]"
                            .formatted(name, entry.rows(), entry.cols(), into.rows(), into.cols()));
        }
        try {
            requireChecksum(name, read(dataStart + entry.begin(), into));
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private String read(long position, Matrix into) throws IOException {
        FloatBuffer target = SafetensorsWriter.floats(into);
        byte[] chunk = new byte[Math.min(CHUNK_FLOATS, target.capacity()) * Float.BYTES];
        FloatBuffer floats =
                ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        var crc = new CRC32C();
        for (int start = 0; start < target.capacity(); start += CHUNK_FLOATS) {
            int count = Math.min(CHUNK_FLOATS, target.capacity() - start);
            in.readFully(position + (long) start * Float.BYTES, chunk, 0, count * Float.BYTES);
            crc.update(chunk, 0, count * Float.BYTES);
            target.put(start, floats, 0, count);
        }
        into.hostWritten();
        return SafetensorsWriter.hex(crc);
    }

    private static TrainingException damaged(String path, String why) {
        return new TrainingException(
                Failure.DATA,
                path + " is not the file that the checkpoint was made of: " + why
                        + "; restore it or take another checkpoint of the run");
    }

    private static TrainingException unreadable(String path, IOException e) {
        return new TrainingException(
                StorageFailure.kind(e),
                path + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                e);
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }
}
