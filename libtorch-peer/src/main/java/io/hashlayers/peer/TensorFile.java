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
        int headerBytes = Math.toIntExact(bytes.getLong());
        JsonNode header = JSON.readTree(bytes.array(), Long.BYTES, headerBytes);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        header.fields().forEachRemaining(entry -> {
            if (entry.getKey().equals("__metadata__")) {
                return;
            }
            JsonNode offsets = entry.getValue().get("data_offsets");
            float[] values = new float[(offsets.get(1).asInt() - offsets.get(0).asInt()) / Float.BYTES];
            bytes.position(Long.BYTES + headerBytes + offsets.get(0).asInt());
            bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            JsonNode shape = entry.getValue().get("shape");
            long[] sizes = new long[shape.size()];
            for (int i = 0; i < sizes.length; i++) {
                sizes[i] = shape.get(i).asLong();
            }
            tensors.put(entry.getKey(), Tensor.create(values, sizes).requires_grad_(true));
        });
        return tensors;
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
