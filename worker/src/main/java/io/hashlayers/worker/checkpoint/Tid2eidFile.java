package io.hashlayers.worker.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * Expert tables of tokens in a safetensors file: integer tensors [V, k], as checkpoints of DeepSeek-V4 have them for their layers
 * that route by a hash, under the names {@code layers.L.ffn.gate.tid2eid} or, by Hugging Face Transformers,
 * {@code model.layers.L.mlp.gate.tid2eid}. Other tensors may lie beside them and are not read. Not thread-safe.
 */
public final class Tid2eidFile implements AutoCloseable {
    private static final String MARK = "tid2eid";
    private static final String METADATA = "__metadata__";
    private static final int CHUNK_BYTES = 1 << 16;
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");
    private static final JsonMapper JSON = new JsonMapper();

    private final String path;
    private final FSDataInputStream in;
    private final Map<String, Tensor> tensors =
            new TreeMap<>(Comparator.comparing(Tid2eidFile::sortable).thenComparing(Comparator.naturalOrder()));

    /** How an expert is stored: a little-endian integer of so many bits. */
    public enum Width {
        /** What DeepSeek's checkpoints have. */
        INT64("I64", Long.BYTES),
        /** What some engines hold in memory. */
        INT32("I32", Integer.BYTES);

        private final String dtype;
        private final int bytes;

        Width(String dtype, int bytes) {
            this.dtype = dtype;
            this.bytes = bytes;
        }
    }

    /**
     * @param position in the file of its first byte
     */
    private record Tensor(String name, Width width, int tokens, int choices, long position) {
        int entries() {
            return tokens * choices;
        }
    }

    private Tid2eidFile(String path, FSDataInputStream in) {
        this.path = path;
        this.in = in;
    }

    /**
     * Writes tables as a file, which appears whole or not at all.
     *
     * @param tables by the names of their tensors, in their order
     */
    public static void write(Folder folder, String name, Map<String, ExpertTable> tables, Width width)
            throws IOException {
        try (PendingFile file = folder.create(name)) {
            file.out().write(SafetensorsHeader.frame(header(tables, width)));
            for (ExpertTable table : tables.values()) {
                write(table.toTid2eid(), width, file);
            }
            file.commit();
        }
    }

    private static ObjectNode header(Map<String, ExpertTable> tables, Width width) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject(METADATA).put("format", "pt"); // without it Transformers takes no file
        long begin = 0;
        for (Map.Entry<String, ExpertTable> entry : tables.entrySet()) {
            ExpertTable table = entry.getValue();
            long end = begin + (long) table.values() * table.expertsPerToken() * width.bytes;
            ObjectNode tensor = header.putObject(entry.getKey()).put("dtype", width.dtype);
            tensor.putArray("shape").add(table.values()).add(table.expertsPerToken());
            tensor.putArray("data_offsets").add(begin).add(end);
            begin = end;
        }
        return header;
    }

    private static void write(int[] experts, Width width, PendingFile file) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int expert : experts) {
            switch (width) {
                case INT64 -> chunk.putLong(expert);
                case INT32 -> chunk.putInt(expert);
            }
            if (!chunk.hasRemaining()) {
                file.out().write(chunk.array());
                chunk.clear();
            }
        }
        file.out().write(chunk.array(), 0, chunk.position());
    }

    /**
     * Opens a file and finds its tables: the tensors with {@code tid2eid} in their name.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if it is missing, damaged, or has none
     */
    public static Tid2eidFile open(Folder folder, String name) {
        String path = folder.path(name).toString();
        try {
            long length = folder.length(name);
            FSDataInputStream in = folder.open(name);
            try {
                Tid2eidFile file = new Tid2eidFile(path, in);
                file.readHeader(length);
                return file;
            } catch (IllegalArgumentException e) {
                in.close();
                throw unusable(path, String.valueOf(e.getMessage()));
            } catch (IOException e) {
                in.close();
                throw e;
            }
        } catch (FileNotFoundException e) {
            throw new TrainingException(Failure.DATA, "there is no file " + path + "; check its path", e);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private void readHeader(long fileBytes) throws IOException {
        if (fileBytes < SafetensorsHeader.LENGTH_BYTES) {
            throw new IllegalArgumentException("it has " + fileBytes + " bytes");
        }
        byte[] length = new byte[SafetensorsHeader.LENGTH_BYTES];
        in.readFully(0, length);
        byte[] json = new byte[SafetensorsHeader.decodeLength(length, fileBytes)];
        in.readFully(length.length, json);
        long dataStart = length.length + (long) json.length;
        long end = 0;
        for (Map.Entry<String, JsonNode> entry : SafetensorsHeader.parse(json).properties()) {
            if (!entry.getKey().equals(METADATA)) {
                long[] offsets =
                        SafetensorsHeader.longs(entry.getValue().path("data_offsets"), entry.getKey(), "data_offsets");
                end = Math.max(end, offsets[1]);
                if (entry.getKey().contains(MARK)) {
                    tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue(), offsets, dataStart));
                }
            }
        }
        if (end != fileBytes - dataStart) {
            throw new IllegalArgumentException(
                    "its tensors end at %d of %d bytes of data".formatted(end, fileBytes - dataStart));
        }
        if (tensors.isEmpty()) {
            throw new IllegalArgumentException("it has no tensor with " + MARK + " in its name");
        }
    }

    private static Tensor tensor(String name, JsonNode node, long[] offsets, long dataStart) {
        String dtype = node.path("dtype").asText();
        Width width = Arrays.stream(Width.values())
                .filter(candidate -> candidate.dtype.equals(dtype))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "tensor %s has dtype %s, but experts are whole numbers of I64 or I32".formatted(name, dtype)));
        long[] shape = SafetensorsHeader.longs(node.path("shape"), name, "shape");
        long most = Integer.MAX_VALUE / width.bytes;
        if (shape[0] < 1 || shape[1] < 1 || shape[0] > most / shape[1]) {
            throw new IllegalArgumentException("tensor %s has shape %s, where [tokens, experts of each] is expected"
                    .formatted(name, Arrays.toString(shape)));
        }
        if (offsets[1] - offsets[0] != shape[0] * shape[1] * width.bytes) {
            throw new IllegalArgumentException("tensor %s has shape %s and data_offsets %s, which do not agree"
                    .formatted(name, Arrays.toString(shape), Arrays.toString(offsets)));
        }
        return new Tensor(name, width, (int) shape[0], (int) shape[1], dataStart + offsets[0]);
    }

    /** Names of the tables, {@code layers.2} before {@code layers.10}. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /**
     * Reads a table.
     *
     * @param name one of {@link #names}
     * @param numExperts that there are, which the file does not say
     * @throws TrainingException of kind {@code DATA} that names file, tensor and token if a token has an expert that is not
     *     there, or one twice
     */
    public ExpertTable read(String name, int numExperts) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor " + name + " among " + names());
        }
        try {
            return ExpertTable.of(numExperts, tensor.choices(), experts(tensor, numExperts));
        } catch (IllegalArgumentException e) {
            throw unusable(
                    path, "tensor %s is no table for %d experts: %s".formatted(name, numExperts, e.getMessage()));
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private int[] experts(Tensor tensor, int numExperts) throws IOException {
        int[] experts = new int[tensor.entries()];
        byte[] chunk = new byte[CHUNK_BYTES];
        ByteBuffer values = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
        int ofChunk = CHUNK_BYTES / tensor.width().bytes;
        for (int start = 0; start < experts.length; start += ofChunk) {
            int count = Math.min(ofChunk, experts.length - start);
            in.readFully(
                    tensor.position() + (long) start * tensor.width().bytes, chunk, 0, count * tensor.width().bytes);
            values.clear();
            for (int i = start; i < start + count; i++) {
                long expert = tensor.width() == Width.INT64 ? values.getLong() : values.getInt();
                if (expert < 0 || expert >= numExperts) {
                    throw new IllegalArgumentException("token %d has expert %d, which is not one of 0 to %d"
                            .formatted(i / tensor.choices(), expert, numExperts - 1));
                }
                experts[i] = (int) expert;
            }
        }
        return experts;
    }

    private static String sortable(String name) {
        return NUMBER.matcher(name).replaceAll(match -> "%20s".formatted(match.group()));
    }

    private static TrainingException unusable(String path, String why) {
        return new TrainingException(
                Failure.DATA, path + " holds no expert tables: " + why + "; copy it again or name another file");
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
