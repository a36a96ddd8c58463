package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/** Writes tensors as one safetensors file, see {@link SafetensorsHeader}, through one buffer. */
final class SafetensorsWriter {
    private static final int CHUNK_FLOATS = 1 << 18;

    private final byte[] chunk = new byte[CHUNK_FLOATS * Float.BYTES];
    private final FloatBuffer floats =
            ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();

    /** Writes a file, which appears whole or not at all, and says what the manifest must know of it. */
    CheckpointManifest.FileEntry write(Folder folder, String name, List<NamedTensor> tensors) throws IOException {
        SafetensorsHeader header = SafetensorsHeader.of(tensors);
        List<CheckpointManifest.TensorEntry> entries = new ArrayList<>();
        try (PendingFile file = folder.create(name)) {
            byte[] start = header.encode();
            file.out().write(start);
            for (NamedTensor tensor : tensors) {
                Matrix values = tensor.values();
                entries.add(new CheckpointManifest.TensorEntry(
                        tensor.name(), values.rows(), values.cols(), write(values, file.out())));
            }
            file.commit();
            return new CheckpointManifest.FileEntry(name, header.fileBytes(), crc32c(start), entries);
        }
    }

    private String write(Matrix values, OutputStream out) throws IOException {
        FloatBuffer source = floats(values);
        var crc = new CRC32C();
        for (int start = 0; start < source.capacity(); start += CHUNK_FLOATS) {
            int count = Math.min(CHUNK_FLOATS, source.capacity() - start);
            floats.put(0, source, start, count);
            crc.update(chunk, 0, count * Float.BYTES);
            out.write(chunk, 0, count * Float.BYTES);
        }
        return hex(crc);
    }

    /** The elements of a matrix in the host's memory. */
    static FloatBuffer floats(Matrix values) {
        ByteBuffer memory = values.memory();
        return memory.slice(values.byteOffset(), Math.toIntExact(values.size() * Float.BYTES))
                .order(memory.order())
                .asFloatBuffer();
    }

    static String crc32c(byte[] bytes) {
        var crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return hex(crc);
    }

    static String hex(CRC32C crc) {
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
