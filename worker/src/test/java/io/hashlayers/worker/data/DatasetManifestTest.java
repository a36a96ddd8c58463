package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetManifestTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path dir;

    @Test
    void isReadAsItWasWritten() throws IOException {
        DatasetManifest manifest = write();

        assertThat(read()).isEqualTo(manifest);
        assertThat(read().digest()).isEqualTo(manifest.digest());
        assertThat(DatasetManifest.exists(SmallDataset.HADOOP, path())).isTrue();
        try (var files = Files.list(dir)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("manifest.json", "train");
        }
    }

    @Test
    void aFolderWithoutAManifestAsksForPreparation() throws IOException {
        assertThat(DatasetManifest.exists(SmallDataset.HADOOP, path())).isFalse();
        assertData("manifest.json does not exist; prepare the dataset first");

        Files.createDirectory(file());
        assertData("manifest.json");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "null", "[]", "7", "\"text\"", "{", "{}", "{\"formatVersion\": 1}", "\u0000\u0001", "{]"
            })
    void whatIsNoManifestIsRefused(String content) throws IOException {
        Files.writeString(file(), content);

        assertData("is not a usable dataset manifest: ");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        write();
        byte[] good = Files.readString(file()).strip().getBytes(StandardCharsets.UTF_8);

        for (int length = 0; length < good.length; length += 5) {
            Files.write(file(), Arrays.copyOf(good, length));
            assertData("is not a usable dataset manifest: ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "2", "-1", "1.0", "\"1\"", "null", "true", "4294967297"})
    void anotherFormatVersionIsNamed(String version) throws IOException {
        edit(root -> root.set("formatVersion", tree(version)));

        assertData("its formatVersion is " + version + ", this program reads 1; prepare the dataset again");
    }

    @Test
    void aFieldThatLacksOrIsNullIsNamed() throws IOException {
        write();
        for (String field : fields(tree(Files.readString(file())))) {
            edit(root -> parent(root, field).remove(last(field)));
            assertData(last(field));

            edit(root -> parent(root, field).putNull(last(field)));
            assertData(last(field));
        }
    }

    @Test
    void anUnknownOrRepeatedFieldIsNamed() throws IOException {
        edit(root -> root.put("surprise", 1));
        assertData("surprise");

        write();
        Files.writeString(file(), Files.readString(file()).replaceFirst("\\{", "{ \"endOfText\": 1,"));
        assertData("Duplicate field 'endOfText'");

        write();
        Files.writeString(file(), Files.readString(file()) + "{}");
        assertData("is not a usable dataset manifest: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret",
                "/etc/passwd",
                "train/../../secret",
                "..",
                "",
                "file:///etc/passwd",
                "hdfs://other/x"
            })
    void aShardOutsideTheFolderIsRefused(String escape) throws IOException {
        edit(root -> shard(root).put("file", escape));

        assertData("file is '" + escape + "', not a path inside the dataset folder");
    }

    @Test
    void numbersThatContradictEachOtherAreNamed() throws IOException {
        Map<String, Consumer<ObjectNode>> edits = Map.of(
                "documents is 2 but the splits hold 1", root -> root.put("documents", 2),
                "tokens is 4 but the shards hold 3", root -> split(root).put("tokens", 4),
                "tokens-00000.bin has 3 tokens of 2 bytes but its size is 7",
                        root -> shard(root).put("bytes", 7),
                "tokens-00000.bin has 3 tokens of 4 bytes but its size is 6",
                        root -> root.put("vocabularySize", 65_537),
                "endOfText is 9, outside the vocabulary of 9",
                        root -> root.put("endOfText", 9).put("vocabularySize", 9),
                "vocabularySize is 0, less than 1", root -> root.put("vocabularySize", 0),
                "bytes is -1, less than 0", root -> split(root).put("bytes", -1),
                "tokenizerDigest is 'md5:0', not 'sha256:'", root -> root.put("tokenizerDigest", "md5:0"),
                "checksum is 'none', not 'sha256:'", root -> shard(root).put("checksum", "none"));
        for (Map.Entry<String, Consumer<ObjectNode>> edit : edits.entrySet()) {
            edit(edit.getValue());
            assertData(edit.getKey());
        }
    }

    @Test
    void wholeNumbersAreNotCutFromFractions() throws IOException {
        edit(root -> root.put("vocabularySize", 9.5));

        assertData("is not a usable dataset manifest: ");
    }

    @Test
    void theDigestFollowsTheTokensAndNotTheirOrigin() throws IOException {
        DatasetManifest manifest = write();
        Consumer<ObjectNode> moved = root -> ((ObjectNode) root.get("settings")).put("input", "elsewhere.txt");
        edit(moved);
        assertThat(read().digest()).isEqualTo(manifest.digest());
        assertThat(read()).isNotEqualTo(manifest);

        List<Consumer<ObjectNode>> edits = List.of(
                root -> root.put("tokenizerDigest", Sha256.of(new byte[0])),
                root -> root.put("vocabularySize", 101),
                root -> root.put("endOfText", 1),
                root -> split(root).put("bytes", 99),
                root -> shard(root).put("file", "train/other.bin"),
                root -> shard(root).put("checksum", Sha256.of(new byte[0])));
        for (Consumer<ObjectNode> edit : edits) {
            edit(edit);
            assertThat(read().digest()).isNotEqualTo(manifest.digest());
        }
    }

    private DatasetManifest write() throws IOException {
        return SmallDataset.write(dir, 100, List.of(new int[] {5, 6, 0}));
    }

    private void edit(Consumer<ObjectNode> change) throws IOException {
        write();
        ObjectNode root = (ObjectNode) tree(Files.readString(file()));
        change.accept(root);
        Files.writeString(file(), root.toString());
    }

    private void assertData(String message) {
        assertThatThrownBy(this::read)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageStartingWith(path().toString())
                .hasMessageContaining(message);
    }

    private DatasetManifest read() {
        return DatasetManifest.read(SmallDataset.HADOOP, path());
    }

    private org.apache.hadoop.fs.Path path() {
        return new org.apache.hadoop.fs.Path(dir.toString());
    }

    private Path file() {
        return dir.resolve(DatasetFiles.MANIFEST);
    }

    private static ObjectNode split(ObjectNode root) {
        return (ObjectNode) root.at("/splits/train");
    }

    private static ObjectNode shard(ObjectNode root) {
        return (ObjectNode) root.at("/splits/train/shards/0");
    }

    private static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }

    /** Pointers to all fields that records have; the names of splits and settings are free. */
    private static List<String> fields(JsonNode root) {
        List<String> fields = new ArrayList<>();
        root.fieldNames().forEachRemaining(name -> fields.add("/" + name));
        root.at("/splits/train").fieldNames().forEachRemaining(name -> fields.add("/splits/train/" + name));
        root.at("/splits/train/shards/0")
                .fieldNames()
                .forEachRemaining(name -> fields.add("/splits/train/shards/0/" + name));
        return fields;
    }

    private static ObjectNode parent(ObjectNode root, String pointer) {
        return (ObjectNode) root.at(pointer.substring(0, pointer.lastIndexOf('/')));
    }

    private static String last(String pointer) {
        return pointer.substring(pointer.lastIndexOf('/') + 1);
    }
}
