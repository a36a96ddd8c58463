package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows with their predictions, whatever number of ranks wrote these. */
class RowReaderTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int V = 90;

    @TempDir
    Path dir;

    @RandomSeeds(20)
    void predictionsAreThoseOfTheRowWhateverRankWroteThem(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        int length = random.nextInt(1, 6);
        int ranks = random.nextInt(1, 5);
        int batch = ranks * random.nextInt(1, 4);
        Path folder = dir.resolve("seed" + seed);
        DatasetManifest dataset = write(folder, length * random.nextInt(1, 40) + random.nextInt(1, length + 1));
        long rows = dataset.split("train").rows(length);
        predict(folder, dataset, length, rows, batch, ranks);

        try (RowReader reader = RowReader.open(HADOOP, source(folder, length, "predictions"))) {
            TokenRows read = reader.allocate(2);
            assertThat(reader.rows()).isEqualTo(rows);
            for (long row = rows - 1; row >= 0; row--) {
                reader.read(row, read, 1);
                for (int i = 0; i < length; i++) {
                    int position = (int) (row * length + i);
                    assertThat(read.tokens()[length + i]).isEqualTo(token(position));
                    assertThat(read.targets()[length + i]).isEqualTo(token(position + 1));
                    assertThat(read.predicted()[length + i])
                            .as("position " + position)
                            .isEqualTo(prediction(position));
                }
            }
        }
    }

    @Test
    void paddingHasNoTargets() throws IOException {
        DatasetManifest dataset = write(dir, 50);
        predict(dir, dataset, 4, 12, 6, 2);

        try (RowReader reader = RowReader.open(HADOOP, source(dir, 4, "predictions"))) {
            TokenRows read = reader.allocate(1);
            reader.read(3, read, 0);
            reader.read(BatchSchedule.PADDING, read, 0);

            assertThat(read.tokens()).containsOnly(dataset.endOfText());
            assertThat(read.targets()).containsOnly(-1);
            assertThat(read.predicted()).containsOnly(dataset.endOfText());
        }
        try (RowReader reader = RowReader.open(HADOOP, source(dir, 4, ""))) {
            assertThat(reader.allocate(3).predicted()).isEmpty();
            assertThat(reader.allocate(3).targets()).hasSize(12);
        }
    }

    @Test
    void predictionsOfOtherRowsAreRefused() throws IOException {
        DatasetManifest dataset = write(dir, 50);
        predict(dir, dataset, 4, 12, 6, 2);

        assertRefused(source(dir, 5, "predictions"), "are for sequences of 4 tokens of the dataset sha256:");
        assertRefused(source(dir, 4, "nowhere"), "nowhere/train/manifest.json does not exist");
        Path shard = dir.resolve("predictions/train/tokens-00001.bin");
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(bytes, bytes.length - 2));
        assertRefused(source(dir, 4, "predictions"), "tokens-00001.bin has 46 bytes, the manifest says 48; delete ");
        bytes[6] = (byte) 0xff;
        bytes[7] = (byte) 0xff;
        Files.write(shard, bytes);
        try (PredictedRows rows = PredictedRows.open(HADOOP, dir + "/predictions", dataset, "train", 4)) {
            assertThatThrownBy(rows::verify).hasMessageContaining("tokens-00001.bin is damaged: its checksum is");
            assertThatThrownBy(() -> rows.readRow(3, new int[4], 0))
                    .hasMessageContaining("tokens-00001.bin holds the token 65535, outside the vocabulary of 90");
        }
        write(dir.resolve("other"), 60);
        RowSource mixed = new RowSource(dir + "/other", "train", 4, dir + "/predictions");
        assertRefused(mixed, "are for sequences of 4 tokens of the dataset " + dataset.digest());
    }

    @Test
    void aManifestThatContradictsItselfIsRefused() {
        var half = new SplitInfo.Shard("train/tokens-00000.bin", 12, 24, "sha256:" + "0".repeat(64));

        assertThatThrownBy(() -> manifest("sha256:1", 4, 4, 4, List.of(half)))
                .hasMessageContaining("tokens-00000.bin has 12 tokens where its rows have 16");
        assertThatThrownBy(() -> manifest("sha256:1", 4, 6, 3, List.of(half, half)))
                .hasMessageContaining("2 files cannot share batches of 3 rows evenly");
        assertThatThrownBy(() -> manifest("sha256:1", 4, 6, 3, List.of())).hasMessageContaining("in 0 files");
    }

    private static void assertRefused(RowSource source, String sentence) {
        assertThatThrownBy(() -> RowReader.open(HADOOP, source))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining(sentence);
    }

    private static RowSource source(Path folder, int length, String predictions) {
        return new RowSource(
                folder.toString(),
                "train",
                length,
                predictions.isEmpty() ? "" : folder.resolve(predictions).toString());
    }

    private static DatasetManifest write(Path folder, int tokens) throws IOException {
        int[] shard = new int[tokens];
        Arrays.setAll(shard, RowReaderTest::token);
        return SmallDataset.write(folder, V, List.of(shard));
    }

    /** Each rank in turn has its rows of a batch, as ranks have in an evaluation. */
    private static void predict(Path folder, DatasetManifest dataset, int length, long rows, int batch, int ranks)
            throws IOException {
        var predictions = folder.resolve("predictions");
        BatchSchedule schedule = BatchSchedule.sequential(rows, batch);
        List<SplitInfo.Shard> shards = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            try (var writer = new TokenShardWriter(
                    HADOOP,
                    new org.apache.hadoop.fs.Path(predictions.toString()),
                    DatasetFiles.shard("train", rank),
                    V)) {
                for (long step = 0; step < schedule.steps(); step++) {
                    for (int index = rank * batch / ranks; index < (rank + 1) * batch / ranks; index++) {
                        long row = schedule.row(step, index);
                        for (int i = 0; row != BatchSchedule.PADDING && i < length; i++) {
                            writer.write(prediction((int) row * length + i));
                        }
                    }
                }
                shards.add(writer.finish());
            }
        }
        manifest(dataset.digest(), length, rows, batch, shards).write(Folder.of(HADOOP, predictions.toString()));
    }

    private static PredictionManifest manifest(
            String dataset, int length, long rows, int batch, List<SplitInfo.Shard> shards) {
        return new PredictionManifest(
                PredictionManifest.FORMAT_VERSION,
                "train",
                "run",
                1,
                "sha256:2",
                dataset,
                V,
                length,
                rows,
                batch,
                shards);
    }

    private static int token(int position) {
        return (position * 7 + position / 13) % V;
    }

    private static int prediction(int position) {
        return (position * 11 + position / 5) % V;
    }
}
