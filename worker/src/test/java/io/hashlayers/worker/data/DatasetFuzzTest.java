package io.hashlayers.worker.data;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.SealedManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetFuzzTest {
    private static final int SEQUENCE = 4;
    private static final String SHARD = DatasetFiles.shard(DatasetFiles.TRAIN, 0);
    private static final String PREDICTED = "train/predicted.bin";

    @TempDir
    Path dir;

    private DatasetManifest write(int vocabulary) throws IOException {
        Files.deleteIfExists(dir.resolve(DatasetFiles.MANIFEST));
        return SmallDataset.write(
                dir,
                vocabulary,
                List.of(IntStream.range(0, 30).toArray(), IntStream.range(5, 12).toArray()));
    }

    @Test
    void manifests() throws IOException {
        write(100);
        byte[] sample = Files.readAllBytes(dir.resolve(DatasetFiles.MANIFEST));
        try (Fuzz fuzz = new Fuzz("dataset-manifest", dir.toString(), this::readManifest)) {
            fuzz.run(List.of(sample), UnaryOperator.identity(), 2000);
        }
    }

    private void readManifest(byte[] input) throws IOException {
        Files.write(dir.resolve(DatasetFiles.MANIFEST), input);
        DatasetManifest.read(SmallDataset.HADOOP, new org.apache.hadoop.fs.Path(dir.toString()))
                .digest();
        readRows();
    }

    private void readRows() throws IOException {
        try (TokenDataset dataset =
                TokenDataset.open(SmallDataset.HADOOP, dir.toString(), DatasetFiles.TRAIN, SEQUENCE)) {
            int[] tokens = new int[SEQUENCE];
            int[] targets = new int[SEQUENCE];
            for (long row = 0; row < Math.min(20, dataset.rows()); row++) {
                dataset.readRow(row, tokens, targets, 0);
            }
            dataset.verify();
        }
    }

    @Test
    void shards() throws IOException {
        for (int vocabulary : new int[] {100, 100_000}) {
            write(vocabulary);
            byte[] sample = Files.readAllBytes(dir.resolve(SHARD));
            try (Fuzz fuzz = new Fuzz("token-shard", dir.toString(), this::readShard)) {
                fuzz.run(List.of(sample), input -> Arrays.copyOf(input, sample.length), 1000);
            }
        }
    }

    private void readShard(byte[] input) throws IOException {
        Files.write(dir.resolve(SHARD), input);
        readRows();
    }

    @Test
    void predictions() throws IOException {
        DatasetManifest dataset = write(100);
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(dir.toString());
        SplitInfo.Shard shard;
        try (TokenShardWriter writer = new TokenShardWriter(SmallDataset.HADOOP, path, PREDICTED, 100)) {
            writer.write(IntStream.range(0, 5 * SEQUENCE).toArray());
            shard = writer.finish();
        }
        Folder predictions = Folder.of(SmallDataset.HADOOP, dir.toString());
        new PredictionManifest(
                        PredictionManifest.FORMAT_VERSION,
                        DatasetFiles.TRAIN,
                        "run",
                        7,
                        "sha256:1",
                        dataset.digest(),
                        100,
                        SEQUENCE,
                        5,
                        2,
                        List.of(shard))
                .write(predictions);
        Path file = dir.resolve("train/manifest.json");
        byte[] sample = Files.readAllBytes(file);
        try (Fuzz fuzz = new Fuzz("predictions-manifest", dir.toString(), input -> {
            Files.write(file, input);
            readPredictions(dataset);
        })) {
            fuzz.run(List.of(sample), SealedManifest::seal, 1000);
        }
    }

    private void readPredictions(DatasetManifest dataset) throws IOException {
        try (PredictedRows rows =
                PredictedRows.open(SmallDataset.HADOOP, dir.toString(), dataset, DatasetFiles.TRAIN, SEQUENCE)) {
            int[] predicted = new int[SEQUENCE];
            for (long row = 0; row < Math.min(20, rows.rows()); row++) {
                rows.readRow(row, predicted, 0);
            }
            rows.verify();
        }
    }
}
