package io.hashlayers.driver.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.train.RunConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What we hand to the libtorch peer and take back. */
final class PeerFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PeerFiles() {}

    static void writeModel(Path dir, RunConfig config) throws IOException {
        ObjectNode model = JSON.valueToTree(config.model());
        model.put("learningRate", config.optimizer().learningRate())
                .put("beta1", config.optimizer().beta1())
                .put("beta2", config.optimizer().beta2())
                .put("epsilon", config.optimizer().epsilon())
                .put("clipNorm", config.optimizer().clipNorm());
        JSON.writeValue(dir.resolve("model.json").toFile(), model);
    }

    static void writeInts(Path file, int[] values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        Files.write(file, bytes.array());
    }

    /** Writes the values of parameters as safetensors; those of one row have one dimension. */
    static void writeWeights(Path file, List<Parameter> parameters) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        int end = 0;
        for (Parameter parameter : parameters) {
            Matrix value = parameter.value();
            ObjectNode node = header.putObject(parameter.name()).put("dtype", "F32");
            if (value.rows() > 1) {
                node.withArray("shape").add(value.rows());
            }
            node.withArray("shape").add(value.cols());
            int start = end;
            end += (int) value.size() * Float.BYTES;
            node.withArray("data_offsets").add(start).add(end);
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (Parameter parameter : parameters) {
            floats(parameter.value(), bytes);
        }
        Files.write(file, bytes.array());
    }

    private static void floats(Matrix matrix, ByteBuffer to) {
        for (int i = 0; i < matrix.size(); i++) {
            to.putFloat(matrix.memory().getFloat(matrix.byteOffset() + i * Float.BYTES));
        }
    }

    /** Tensors of a safetensors file by name. */
    static Map<String, float[]> read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = Math.toIntExact(bytes.getLong());
        JsonNode header = JSON.readTree(bytes.array(), Long.BYTES, headerBytes);
        FloatBuffer floats = bytes.slice(Long.BYTES + headerBytes, bytes.capacity() - Long.BYTES - headerBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        Map<String, float[]> tensors = new HashMap<>();
        header.fields().forEachRemaining(entry -> {
            int start = entry.getValue().at("/data_offsets/0").asInt() / Float.BYTES;
            float[] values = new float[entry.getValue().at("/data_offsets/1").asInt() / Float.BYTES - start];
            floats.get(start, values);
            tensors.put(entry.getKey(), values);
        });
        return tensors;
    }
}
