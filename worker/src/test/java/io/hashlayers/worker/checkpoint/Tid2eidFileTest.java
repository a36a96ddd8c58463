package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Tid2eidFileTest {
    private static final String NAME = "t.safetensors";

    @TempDir
    Path dir;

    @ParameterizedTest
    @EnumSource(Tid2eidFile.Width.class)
    void tablesAreReadAsTheyWereWritten(Tid2eidFile.Width width) throws IOException {
        Map<String, ExpertTable> tables = new LinkedHashMap<>();
        for (int layer : new int[] {0, 2, 10}) {
            tables.put(
                    "layers." + layer + ".ffn.gate.tid2eid", ExpertTable.random(5000, 256, 6, layer)); // several chunks
        }

        Tid2eidFile.write(folder(), NAME, tables, width);

        try (Tid2eidFile file = open()) {
            assertThat(file.names())
                    .containsExactly(
                            "layers.0.ffn.gate.tid2eid", "layers.2.ffn.gate.tid2eid", "layers.10.ffn.gate.tid2eid");
            tables.forEach((name, table) -> assertThat(file.read(name, 256)).isEqualTo(table));
        }
    }

    @Test
    void theFileIsWhatSafetensorsSays() throws IOException {
        ExpertTable table = ExpertTable.of(300, 2, new int[] {7, 299, 0, 258});
        Tid2eidFile.write(folder(), NAME, Map.of("a.tid2eid", table), Tid2eidFile.Width.INT64);

        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(dir.resolve(NAME))).order(ByteOrder.LITTLE_ENDIAN);
        byte[] json = new byte[(int) bytes.getLong()];
        bytes.get(json);
        JsonNode header = new JsonMapper().readTree(json);
        assertThat(header.path("a.tid2eid"))
                .isEqualTo(new JsonMapper().readTree("{\"dtype\":\"I64\",\"shape\":[2,2],\"data_offsets\":[0,32]}"));
        assertThat(header.path("__metadata__").path("format").asText()).isEqualTo("pt");
        assertThat(json.length % 8).isZero();
        long[] values = new long[4];
        bytes.asLongBuffer().get(values);
        assertThat(values).containsExactly(7, 299, 0, 258);
        assertThat(bytes.remaining()).isEqualTo(32);
    }

    @Test
    void otherTensorsOfACheckpointAreLeftAlone() throws IOException {
        String json = "{\"layers.0.ffn.gate.weight\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]},"
                + "\"layers.0.ffn.gate.tid2eid\":{\"dtype\":\"I32\",\"shape\":[2,1],\"data_offsets\":[6,14]},"
                + "\"scale\":{\"dtype\":\"F8_E8M0\",\"shape\":[],\"data_offsets\":[14,15]}}";
        byte[] data = {1, 2, 3, 4, 5, 6, 3, 0, 0, 0, 1, 0, 0, 0, 9};
        write(json, data);

        try (Tid2eidFile file = open()) {
            assertThat(file.names()).containsExactly("layers.0.ffn.gate.tid2eid");
            assertThat(file.read("layers.0.ffn.gate.tid2eid", 4)).isEqualTo(ExpertTable.of(4, 1, new int[] {3, 1}));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'t.tid2eid':{'dtype':'F32','shape':[2,2],'data_offsets':[0,16]}} | has dtype F32, but experts are whole numbers",
                "{'t.tid2eid':{'dtype':'BF16','shape':[2,4],'data_offsets':[0,16]}} | has dtype BF16",
                "{'t.tid2eid':{'shape':[2,2],'data_offsets':[0,16]}} | has dtype ,",
                "{'t.tid2eid':{'dtype':'I32','shape':[4],'data_offsets':[0,16]}} | expected two whole numbers",
                "{'t.tid2eid':{'dtype':'I32','shape':[2,2,1],'data_offsets':[0,16]}} | expected two whole numbers",
                "{'t.tid2eid':{'dtype':'I32','shape':[0,2],'data_offsets':[0,16]}} | has shape [0, 2]",
                "{'t.tid2eid':{'dtype':'I64','shape':[2147483647,2147483647],'data_offsets':[0,16]}} | has shape [2147483647",
                "{'t.tid2eid':{'dtype':'I64','shape':[2,2],'data_offsets':[0,16]}} | which do not agree",
                "{'t.tid2eid':{'dtype':'I32','shape':[2,2],'data_offsets':[0,64]}} | which do not agree",
                "{'t.tid2eid':{'dtype':'I32','shape':[4,4],'data_offsets':[0,64]}} | its tensors end at 64 of 16 bytes",
                "{'t.tid2eid':{'dtype':'I32','shape':[2,1],'data_offsets':[0,8]}} | its tensors end at 8 of 16 bytes",
                "{'t.tid2eid':{'dtype':'I32','shape':[2,2]}} | data_offsets",
                "{'t.tid2eid':7} | data_offsets",
                "{'table':{'dtype':'I32','shape':[2,2],'data_offsets':[0,16]}} | no tensor with tid2eid in its name",
                "[] | not a JSON object",
                "{'t.tid2eid': | not JSON"
            })
    void aHeaderOfSomethingElseIsRefused(String json, String why) throws IOException {
        write(json.replace('\'', '"'), new byte[16]);

        assertDamaged(this::open).hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource({
        "256, 'token 3 has expert 256, which is not one of 0 to 255'",
        "-1, 'token 3 has expert -1, which is not one of 0 to 255'",
        "4294967296, 'token 3 has expert 4294967296, which is not one of 0 to 255'",
        "6, 'value 3 has expert 6 twice'"
    })
    void anExpertThatIsNotThereOrThereTwiceIsTold(long expert, String why) throws IOException {
        ByteBuffer data = ByteBuffer.allocate(8 * 2 * 5).order(ByteOrder.LITTLE_ENDIAN);
        for (int token = 0; token < 5; token++) {
            data.putLong(2L * token).putLong(token == 3 ? expert : 2L * token + 1);
        }
        write("{\"t.tid2eid\":{\"dtype\":\"I64\",\"shape\":[5,2],\"data_offsets\":[0,80]}}", data.array());

        try (Tid2eidFile file = open()) {
            assertDamaged(() -> file.read("t.tid2eid", 256))
                    .hasMessageContaining("tensor t.tid2eid is no table for 256 experts")
                    .hasMessageContaining(why);
        }
    }

    @Test
    void aFileThatIsCutOffIsRefusedWhereverItEnds() throws IOException {
        Tid2eidFile.write(folder(), NAME, Map.of("tid2eid", ExpertTable.random(9, 4, 2, 1)), Tid2eidFile.Width.INT32);
        byte[] whole = Files.readAllBytes(dir.resolve(NAME));

        for (int length = 0; length < whole.length; length++) {
            Files.write(dir.resolve(NAME), Arrays.copyOf(whole, length));
            assertDamaged(this::open).as("%d of %d bytes", length, whole.length).hasMessageContaining(NAME);
        }
        Files.delete(dir.resolve(NAME));
        assertDamaged(this::open).hasMessageContaining("there is no file file:");
    }

    private void write(String json, byte[] data) throws IOException {
        byte[] header = json.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length).put(header).put(data);
        Files.write(dir.resolve(NAME), file.array());
    }

    private Folder folder() {
        return Folder.of(new Configuration(), dir.toString());
    }

    private Tid2eidFile open() {
        return Tid2eidFile.open(folder(), NAME);
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertDamaged(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return assertThatThrownBy(call).isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                .isEqualTo(Failure.DATA));
    }
}
