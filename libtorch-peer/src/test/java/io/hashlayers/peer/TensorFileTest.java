package io.hashlayers.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorFileTest {
    private static final String GOOD = """
            {"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},\
            "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    @TempDir
    private Path dir;

    @Test
    void readsTensorsWhereverTheyLie() throws IOException {
        Map<String, Tensor> tensors = TensorFile.read(file(GOOD, 1, 2, 3, 4, 5, 6, 7, 8));

        assertThat(tensors).containsOnlyKeys("w", "b");
        assertThat(Tensors.of(tensors, "w").shape()).containsExactly(2, 3);
        assertThat(Tensors.floats(Tensors.of(tensors, "w"))).containsExactly(3, 4, 5, 6, 7, 8);
        assertThat(Tensors.floats(Tensors.of(tensors, "b"))).containsExactly(1, 2);
        assertThat(tensors.values()).allMatch(Tensor::requires_grad);
    }

    @Test
    void gradientsAreReadBackAsTheyWereWritten() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("turned", Tensors.leaf(new float[6], 2, 3));
        tensors.put("unused", Tensors.leaf(new float[2], 2));
        tensors.put("plain", Tensors.leaf(new float[3], 3));
        float[] turned = {1, -2, 3.5f, 4, 5, Float.MIN_VALUE};
        float[] plain = {7, 8, 9};
        Tensors.of(tensors, "turned").t().mul(Tensor.create(turned, 3, 2)).sum().backward();
        Tensors.of(tensors, "plain").mul(Tensor.create(plain)).sum().backward();

        TensorFile.writeGradients(dir.resolve("g"), tensors);

        Map<String, Tensor> read = TensorFile.read(dir.resolve("g"));
        assertThat(read.keySet()).containsExactly("turned", "unused", "plain");
        assertThat(Tensors.of(read, "turned").shape()).containsExactly(2, 3);
        assertThat(Tensors.floats(Tensors.of(read, "turned")))
                .as("d loss / d w is the transposed factor")
                .containsExactly(1, 3.5f, 5, -2, 4, Float.MIN_VALUE);
        assertThat(Tensors.floats(Tensors.of(read, "unused"))).containsExactly(0, 0);
        assertThat(Tensors.floats(Tensors.of(read, "plain"))).containsExactly(plain);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}  | w is not of dtype F32
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}} | w lies outside of it
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[-4,4]}} | w lies outside of it
            {"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}  | w lies outside of it
            {"w":{"dtype":"F32","shape":[2]}}                       | w lies outside of it
            {"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}  | w has other bytes than its shape needs
            {"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}  | w has other bytes than its shape needs
            [1]                                                     | its header is no JSON object
            """)
    void headersThatDoNotFitAreRefused(String header, String message) throws IOException {
        Path file = file(header, 1, 2);

        assertThatIOException().isThrownBy(() -> TensorFile.read(file)).withMessage(file + ": " + message);
    }

    @Test
    void everyTruncatedFileIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file(GOOD, 1, 2, 3, 4, 5, 6, 7, 8));
        Path file = dir.resolve("truncated");

        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));

            assertThatIOException()
                    .as("%d of %d bytes", length, whole.length)
                    .isThrownBy(() -> TensorFile.read(file))
                    .withMessageContaining(file.toString());
        }
    }

    private Path file(String header, float... values) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + json.length + values.length * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return Files.write(dir.resolve("tensors"), bytes.array());
    }
}
