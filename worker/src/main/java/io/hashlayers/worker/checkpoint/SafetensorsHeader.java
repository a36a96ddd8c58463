package io.hashlayers.worker.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The header of a safetensors file that holds matrices of float32.
 *
 * <pre>
 * file   = length : u64, header, data                                little-endian throughout
 * header = UTF-8 JSON of {@code length} bytes, at most 100,000,000, padded with spaces so that data starts at a multiple of 8:
 *          { "__metadata__" : { string : string, ... }, optional and not used,
 *            name : { "dtype" : "F32", "shape" : [rows, cols], "data_offsets" : [begin, end] }, ... }
 * data   = float32 * (rows * cols) for each tensor, row-major; offsets count from the start of data; tensors follow
 *          each other without gap or overlap and end with the file
 * </pre>
 *
 * <p>The format is that of Hugging Face safetensors 0.4, whose bound on the length is kept. Other element types and
 * numbers of dimensions are refused.
 *
 * @param tensors in the order of their data
 * @param dataStart position in the file of the first byte of data
 */
record SafetensorsHeader(List<Entry> tensors, long dataStart) {
    static final int LENGTH_BYTES = Long.BYTES;
    static final int MAX_BYTES = 100_000_000;

    private static final String METADATA = "__metadata__";
    private static final String DTYPE = "F32";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * Where a tensor lies.
     *
     * @param begin first byte, counted from the start of data
     */
    record Entry(String name, int rows, int cols, long begin) {
        long bytes() {
            return (long) rows * cols * Float.BYTES;
        }

        long end() {
            return begin + bytes();
        }
    }

    SafetensorsHeader {
        tensors = List.copyOf(tensors);
    }

    /** Lays out tensors one behind the other. */
    static SafetensorsHeader of(List<NamedTensor> tensors) {
        List<Entry> entries = new ArrayList<>();
        long begin = 0;
        for (NamedTensor tensor : tensors) {
            Entry entry = new Entry(
                    tensor.name(), tensor.values().rows(), tensor.values().cols(), begin);
            entries.add(entry);
            begin = entry.end();
        }
        return new SafetensorsHeader(entries, LENGTH_BYTES + (long) json(entries).length);
    }

    /** Bytes of the whole file. */
    long fileBytes() {
        return dataStart + dataBytes(tensors);
    }

    /** The bytes before the data: length and JSON. */
    byte[] encode() {
        return frame(json(tensors));
    }

    /** The bytes before the data of a file with this header. */
    static byte[] frame(ObjectNode header) {
        return frame(padded(header));
    }

    private static byte[] frame(byte[] json) {
        return ByteBuffer.allocate(LENGTH_BYTES + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    /**
     * Reads the length of the JSON.
     *
     * @param bytes the first eight of the file
     * @throws IllegalArgumentException if a file of {@code fileBytes} cannot hold such a header
     */
    static int decodeLength(byte[] bytes, long fileBytes) {
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MAX_BYTES || length > fileBytes - LENGTH_BYTES) {
            throw new IllegalArgumentException("its first bytes tell of a header of %s bytes, the file has %d"
                    .formatted(Long.toUnsignedString(length), fileBytes));
        }
        return (int) length;
    }

    /**
     * Reads the JSON.
     *
     * @throws IllegalArgumentException that says why it describes no file of {@code fileBytes} bytes
     */
    static SafetensorsHeader decode(byte[] json, long fileBytes) {
        List<Entry> entries = new ArrayList<>();
        parse(json).properties().forEach(property -> {
            if (!property.getKey().equals(METADATA)) {
                entries.add(entry(property.getKey(), property.getValue()));
            }
        });
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        requireNoGaps(entries, fileBytes - LENGTH_BYTES - json.length);
        return new SafetensorsHeader(entries, LENGTH_BYTES + (long) json.length);
    }

    /**
     * Reads JSON that is an object.
     *
     * @throws IllegalArgumentException that says why it is none
     */
    static ObjectNode parse(byte[] json) {
        try {
            if (JSON.readTree(json) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("its header is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException("its header is not UTF-8: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("its header is not a JSON object");
    }

    private static Entry entry(String name, JsonNode node) {
        if (!DTYPE.equals(node.path("dtype").textValue())) {
            throw new IllegalArgumentException(
                    "tensor %s has dtype %s, this program reads F32".formatted(name, node.path("dtype")));
        }
        long[] shape = longs(node.path("shape"), name, "shape");
        long[] offsets = longs(node.path("data_offsets"), name, "data_offsets");
        if (shape[0] > Integer.MAX_VALUE || shape[1] > Integer.MAX_VALUE || shape[1] < 1) {
            throw new IllegalArgumentException("tensor " + name + " has shape " + Arrays.toString(shape));
        }
        Entry entry = new Entry(name, (int) shape[0], (int) shape[1], offsets[0]);
        if (entry.bytes() > Integer.MAX_VALUE || offsets[1] - offsets[0] != entry.bytes()) {
            throw new IllegalArgumentException("tensor %s has shape %s and data_offsets %s, which do not agree"
                    .formatted(name, Arrays.toString(shape), Arrays.toString(offsets)));
        }
        return entry;
    }

    /** Two whole numbers that are not negative. */
    static long[] longs(JsonNode node, String name, String key) {
        long[] values = new long[2];
        boolean usable = node.isArray() && node.size() == values.length;
        for (int i = 0; usable && i < values.length; i++) {
            values[i] = node.get(i).longValue();
            usable = node.get(i).canConvertToLong() && node.get(i).isIntegralNumber() && values[i] >= 0;
        }
        if (!usable) {
            throw new IllegalArgumentException(
                    "tensor %s has %s %s, expected two whole numbers".formatted(name, key, node));
        }
        return values;
    }

    private static void requireNoGaps(List<Entry> entries, long dataBytes) {
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin() != end) {
                throw new IllegalArgumentException("tensor %s begins at %d, where the one before it ends at %d"
                        .formatted(entry.name(), entry.begin(), end));
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw new IllegalArgumentException("its tensors end at %d of %d bytes of data".formatted(end, dataBytes));
        }
    }

    private static long dataBytes(List<Entry> entries) {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).end();
    }

    private static byte[] json(List<Entry> entries) {
        ObjectNode object = JSON.createObjectNode();
        for (Entry entry : entries) {
            ObjectNode tensor = object.putObject(entry.name());
            tensor.put("dtype", DTYPE);
            tensor.putArray("shape").add(entry.rows()).add(entry.cols());
            tensor.putArray("data_offsets").add(entry.begin()).add(entry.end());
        }
        return padded(object);
    }

    private static byte[] padded(ObjectNode header) {
        try {
            byte[] json = JSON.writeValueAsBytes(header);
            byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
            Arrays.fill(padded, json.length, padded.length, (byte) ' ');
            return padded;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a header cannot be written as JSON", e);
        }
    }
}
