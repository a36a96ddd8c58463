package io.hashlayers.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;

/** Float32 tensors in a safetensors file small enough for one array. */
final class TensorFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TensorFile() {}

    /** All tensors of a file by their names, as leaves that want gradients. */
    static Map<String, Tensor> read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        long headerBytes = bytes.remaining() < Long.BYTES ? -1 : bytes.getLong();
        check(headerBytes >= 0 && headerBytes <= bytes.remaining(), file, "its header does not end within it");
        JsonNode header = JSON.readTree(bytes.array(), Long.BYTES, (int) headerBytes);
        check(header.isObject(), file, "its header is no JSON object");
        bytes.position(Long.BYTES + (int) headerBytes);
        ByteBuffer data = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (!entry.getKey().equals("__metadata__")) {
                tensors.put(entry.getKey(), tensor(file, entry.getKey(), entry.getValue(), data));
            }
        }
        return tensors;
    }

    private static Tensor tensor(Path file, String name, JsonNode node, ByteBuffer data) throws IOException {
        check(node.path("dtype").asText().equals("F32"), file, name + " is not of dtype F32");
        JsonNode shape = node.path("shape");
        long[] sizes = new long[shape.size()];
        long count = 1;
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = shape.get(i).asLong();
            count *= sizes[i];
        }
        int start = node.at("/data_offsets/0").asInt(-1);
        int end = node.at("/data_offsets/1").asInt(-1);
        check(start >= 0 && start <= end && end <= data.capacity(), file, name + " lies outside of it");
        check(end - start == count * Float.BYTES, file, name + " has other bytes than its shape needs");
        float[] values = new float[(int) count];
        data.slice(start, end - start)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return Tensor.create(values, sizes).requires_grad_(true);
    }

    private static void check(boolean fine, Path file, String what) throws IOException {
        if (!fine) {
            throw new IOException("%s: %s".formatted(file, what));
        }
    }

    /** Writes the gradients of tensors; those without one are 0. */
    static void writeGradients(Path file, Map<String, Tensor> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        int end = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Tensor tensor = entry.getValue();
            ObjectNode node = header.putObject(entry.getKey()).put("dtype", "F32");
            for (long size : tensor.shape()) {
                node.withArray("shape").add(size);
            }
            int start = end;
            end += Math.toIntExact(tensor.numel()) * Float.BYTES;
            node.withArray("data_offsets").add(start).add(end);
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (Tensor tensor : tensors.values()) {
            float[] values = new float[Math.toIntExact(tensor.numel())];
            Tensor gradient = tensor.grad();
            if (gradient.defined()) {
                new FloatPointer(gradient.contiguous().data_ptr_float()).get(values);
            }
            bytes.asFloatBuffer().put(values);
            bytes.position(bytes.position() + values.length * Float.BYTES);
        }
        Files.write(file, bytes.array());
    }
}
