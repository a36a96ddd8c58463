package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {
    @RandomSeeds(10)
    void isReadAsItWasWritten(long seed) {
        var random = new SplittableRandom(seed);
        List<NamedTensor> tensors = new ArrayList<>();
        for (int i = 0; i < random.nextInt(0, 20); i++) {
            tensors.add(
                    new NamedTensor("h." + i + ".weight", Matrix.allocate(random.nextInt(0, 4), random.nextInt(1, 9))));
        }
        SafetensorsHeader header = SafetensorsHeader.of(tensors);

        byte[] bytes = header.encode();

        int length = SafetensorsHeader.decodeLength(bytes, header.fileBytes());
        assertThat(bytes).hasSize(8 + length).hasSize((int) header.dataStart());
        assertThat(length % 8).as("alignment of the data").isZero();
        assertThat(decode(json(bytes), header.fileBytes())).isEqualTo(header);
    }

    @Test
    void readsWhatOtherToolsWrite() {
        String json = "{\"__metadata__\":{\"format\":\"pt\"},\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],"
                + "\"data_offsets\":[16,24]},\"a\":{\"shape\":[2,2],\"data_offsets\":[0,16],\"dtype\":\"F32\"}}  ";

        SafetensorsHeader header = decode(json, 8 + json.length() + 24);

        assertThat(header.tensors())
                .containsExactly(new SafetensorsHeader.Entry("a", 2, 2, 0), new SafetensorsHeader.Entry("b", 1, 2, 16));
        assertThat(header.dataStart()).isEqualTo(8 + json.length());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[2,2] | [0,12] | do not agree",
                "[2,2] | [0,20] | do not agree",
                "[2,2] | [4,20] | begins at 4",
                "[2,2] | [16,0] | do not agree",
                "[2,2] | [-4,12] | two whole numbers",
                "[-2,-2] | [0,16] | two whole numbers",
                "[4] | [0,16] | two whole numbers",
                "[2,2,1] | [0,16] | two whole numbers",
                "[2.0,2] | [0,16] | two whole numbers",
                "[\"2\",2] | [0,16] | two whole numbers",
                "[2147483647,2147483647] | [0,16] | do not agree",
                "[4294967296,4294967296] | [0,0] | has shape",
                "[99999999999999999999,1] | [0,16] | two whole numbers",
                "[0,0] | [0,0] | has shape",
                "[2,2] | [0,9223372036854775807] | do not agree",
            })
    void shapesAndOffsetsThatAreNotOfTheFileAreRefused(String shape, String offsets, String why) {
        String json = "{\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}}".formatted(shape, offsets);

        assertThatThrownBy(() -> decode(json, 8 + json.length() + 16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]}} | dtype",
                "{\"a\":{\"shape\":[2,2],\"data_offsets\":[0,16]}} | dtype",
                "{\"a\":7} | dtype",
                "[] | not a JSON object",
                "{\"a\": | not JSON",
                "{} {} | not JSON",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]}} | Duplicate",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]}} | begins at 0",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]}} | begins at 8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}} | end at 8 of 16",
                "{} | end at 0 of 16",
            })
    void malformedHeadersAreRefused(String json, String why) {
        assertThatThrownBy(() -> decode(json, 8 + json.length() + 16))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void deepNestingIsRefused() {
        String json = "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";

        assertThatThrownBy(() -> decode(json, 8 + json.length())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLengthBeyondTheFileOrTheBoundIsRefused() {
        for (long length : new long[] {-1, 0, 1, 93, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE}) {
            byte[] bytes = ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array();
            assertThatThrownBy(() -> SafetensorsHeader.decodeLength(bytes, 100))
                    .as("length " + length)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static SafetensorsHeader decode(String json, long fileBytes) {
        return SafetensorsHeader.decode(json.getBytes(StandardCharsets.UTF_8), fileBytes);
    }

    private static String json(byte[] header) {
        return new String(header, 8, header.length - 8, StandardCharsets.UTF_8);
    }
}
