package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.testing.fuzz.Fuzz;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.storage.SealedManifest;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFuzzTest {
    private static final Configuration HADOOP = new Configuration();
    private static final ModelConfig MODEL =
            new ModelConfig(11, 4, 2, 4, 6, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), 5, 1));
    private static final String DENSE = "dense.safetensors";
    private static final String TABLE = "expert-table-0.bin";

    @TempDir
    Path run;

    private Path folder;
    private CheckpointManifest manifest;

    @BeforeEach
    void write() throws IOException {
        folder = run.resolve("checkpoints/step-00000003");
        Folder checkpoint = Folder.of(HADOOP, folder.toString());
        ExpertTable table = ExpertTable.random(11, 5, 1, 3);
        try (PendingFile file = checkpoint.create(TABLE)) {
            table.write(file.out());
            file.commit();
        }
        CheckpointManifest.FileEntry file = new SafetensorsWriter()
                .write(
                        checkpoint,
                        DENSE,
                        List.of(
                                new NamedTensor("token_embedding.weight", numbered(11, 4)),
                                new NamedTensor("h.0.ffn.up.bias", numbered(1, 6))));
        manifest = new CheckpointManifest(
                CheckpointManifest.FORMAT_VERSION,
                3,
                MODEL,
                new TreeMap<>(Map.of("dataset", "sha256:12")),
                "train { steps = 3 }",
                new RunProgress(1.5, 2, 0.25, 33.5, List.of(List.of(1L, 2L, 3L, 4L, 5L)), List.of(2.5), List.of(2L)),
                List.of(new CheckpointManifest.TableEntry(
                        TABLE, table.digest(), TokenFeature.CURRENT_TOKEN.name(), List.of(1))),
                List.of(file));
        CheckpointManifest.FILE.write(checkpoint, CheckpointManifest.NAME, manifest);
    }

    private static Matrix numbered(int rows, int cols) {
        Matrix matrix = Matrix.allocate(rows, cols);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                matrix.set(row, col, row * cols + col);
            }
        }
        return matrix;
    }

    @Test
    void manifests() throws IOException {
        byte[] sample = Files.readAllBytes(folder.resolve(CheckpointManifest.NAME));
        try (Fuzz fuzz = new Fuzz("checkpoint-manifest", folder.toString(), this::readManifest)) {
            fuzz.run(List.of(sample, SealedManifest.seal(sample)), SealedManifest::seal, 2000);
        }
    }

    private void readManifest(byte[] input) throws IOException {
        Files.write(folder.resolve(CheckpointManifest.NAME), input);
        try (CheckpointReader reader = CheckpointReader.open(HADOOP, run.toString(), OptionalLong.empty())) {
            reader.hashes();
            reader.manifest().files().forEach(reader::verify);
            for (String name : reader.names()) {
                if (name.equals("h.0.ffn.up.bias")) {
                    reader.read(name, Matrix.allocate(1, 6));
                }
            }
        }
    }

    @Test
    void safetensors() throws IOException {
        byte[] sample = Files.readAllBytes(folder.resolve(DENSE));
        try (Fuzz fuzz = new Fuzz("safetensors", DENSE, this::readSafetensors)) {
            fuzz.run(List.of(sample, withMetadata(sample)), CheckpointFuzzTest::framed, 2000);
        }
    }

    /** With the checksum of the header that is there, as if the manifest were of the same hand. */
    private void readSafetensors(byte[] input) throws IOException {
        Files.write(folder.resolve(DENSE), input);
        CRC32C crc = new CRC32C();
        int length = Math.min(input.length, input.length < 8 ? 0 : 8 + Math.max(0, number(input)));
        crc.update(input, 0, Math.max(0, length));
        CheckpointManifest.FileEntry entry = new CheckpointManifest.FileEntry(
                DENSE,
                input.length,
                HexFormat.of().toHexDigits((int) crc.getValue()),
                manifest.files().get(0).tensors());
        try (SafetensorsFile file = SafetensorsFile.open(Folder.of(HADOOP, folder.toString()), entry)) {
            file.verify();
            file.read("token_embedding.weight", Matrix.allocate(11, 4));
        }
    }

    private static int number(byte[] input) {
        long length = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return (int) Math.max(0, Math.min(length, input.length - 8));
    }

    /** Writes the length of the header anew: up to the last brace. */
    private static byte[] framed(byte[] input) {
        int end = input.length;
        while (end > 8 && input[end - 1] != '}') {
            end--;
        }
        return end > 8
                ? ByteBuffer.wrap(input)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, end - 8L)
                        .array()
                : input;
    }

    private static byte[] withMetadata(byte[] sample) {
        int header = number(sample);
        String json = new String(sample, 8, header, StandardCharsets.UTF_8);
        byte[] with = json.replaceFirst("\\{", "{\"__metadata__\":{\"format\":\"pt\"},")
                .getBytes(StandardCharsets.UTF_8);
        byte[] data = Arrays.copyOfRange(sample, 8 + header, sample.length);
        return ByteBuffer.allocate(8 + with.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(with.length)
                .put(with)
                .put(data)
                .array();
    }

    @Test
    void tablesOfTokens() throws IOException {
        Folder there = Folder.of(HADOOP, run.toString());
        Tid2eidFile.write(
                there,
                "tables.safetensors",
                Map.of(
                        "layers.0.ffn.gate.tid2eid", ExpertTable.random(11, 5, 2, 3),
                        "layers.10.ffn.gate.tid2eid", ExpertTable.random(11, 5, 1, 4)),
                Tid2eidFile.Width.INT64);
        byte[] sample = Files.readAllBytes(run.resolve("tables.safetensors"));
        try (Fuzz fuzz = new Fuzz("tid2eid", "tables.safetensors", input -> readTables(there, input))) {
            fuzz.run(List.of(sample), UnaryOperator.identity(), 2000);
        }
    }

    private void readTables(Folder there, byte[] input) throws IOException {
        Files.write(run.resolve("tables.safetensors"), input);
        try (Tid2eidFile file = Tid2eidFile.open(there, "tables.safetensors")) {
            file.names().forEach(name -> file.read(name, 5));
        }
    }
}
