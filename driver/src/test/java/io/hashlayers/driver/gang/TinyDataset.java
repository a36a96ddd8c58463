package io.hashlayers.driver.gang;

import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.data.TokenShardWriter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** A dataset of skewed random tokens in several shards, with all its files. */
final class TinyDataset {
    static final int VOCABULARY = 50;
    private static final int SHARDS = 3;

    private TinyDataset() {}

    static DatasetManifest write(java.nio.file.Path dir, int trainTokens, int validTokens, long seed)
            throws IOException {
        return write(dir, trainTokens, validTokens, seed, "sha256:" + "0".repeat(64));
    }

    static DatasetManifest write(java.nio.file.Path dir, int trainTokens, int validTokens, long seed, String tokenizer)
            throws IOException {
        Configuration hadoop = new Configuration();
        Path path = new Path(dir.toString());
        var random = new SplittableRandom(seed);
        var splits = new TreeMap<String, SplitInfo>();
        splits.put(DatasetFiles.TRAIN, split(hadoop, path, DatasetFiles.TRAIN, trainTokens, random));
        splits.put(DatasetFiles.VALID, split(hadoop, path, DatasetFiles.VALID, validTokens, random));
        var manifest = new DatasetManifest(
                DatasetManifest.FORMAT_VERSION, tokenizer, VOCABULARY, 0, splits, new TreeMap<>(), 2);
        manifest.write(hadoop, path);
        return manifest;
    }

    /** Writes a dataset of these tokens in one shard a split. */
    static void write(java.nio.file.Path dir, int[] train, int[] valid) throws IOException {
        Configuration hadoop = new Configuration();
        Path path = new Path(dir.toString());
        var splits = new TreeMap<String, SplitInfo>();
        splits.put(DatasetFiles.TRAIN, split(hadoop, path, DatasetFiles.TRAIN, train));
        splits.put(DatasetFiles.VALID, split(hadoop, path, DatasetFiles.VALID, valid));
        new DatasetManifest(
                        DatasetManifest.FORMAT_VERSION,
                        "sha256:" + "0".repeat(64),
                        VOCABULARY,
                        0,
                        splits,
                        new TreeMap<>(),
                        2)
                .write(hadoop, path);
    }

    private static SplitInfo split(Configuration hadoop, Path dir, String split, int[] tokens) throws IOException {
        try (var writer = new TokenShardWriter(hadoop, dir, DatasetFiles.shard(split, 0), VOCABULARY)) {
            for (int token : tokens) {
                writer.write(token);
            }
            return new SplitInfo(tokens.length, 1, 4L * tokens.length, List.of(writer.finish()));
        }
    }

    /** Adds {@code frequencies.parquet} to a dataset. */
    static void writeFrequencies(SparkSession spark, java.nio.file.Path dir) {
        long[] train = counts(dir, DatasetFiles.TRAIN);
        long[] valid = counts(dir, DatasetFiles.VALID);
        List<Row> rows = new ArrayList<>();
        for (int token = 0; token < VOCABULARY; token++) {
            rows.add(RowFactory.create(token, train[token], valid[token], 0L, "t" + token));
        }
        StructType schema = new StructType()
                .add("token", "int")
                .add("train", "long")
                .add("valid", "long")
                .add("test", "long")
                .add("text", "string");
        spark.createDataFrame(rows, schema)
                .write()
                .parquet(dir.resolve(DatasetFiles.FREQUENCIES).toString());
    }

    private static long[] counts(java.nio.file.Path dir, String split) {
        long[] counts = new long[VOCABULARY];
        int[] tokens = new int[1];
        Path path = new Path(dir.toString());
        if (DatasetManifest.read(new Configuration(), path).split(split).tokens() == 0) {
            return counts; // and no rows to read
        }
        try (TokenDataset dataset = TokenDataset.open(new Configuration(), dir.toString(), split, 1)) {
            for (long row = 0; row < dataset.rows(); row++) {
                dataset.readRow(row, tokens, new int[1], 0);
                counts[tokens[0]]++;
            }
            return counts;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static SplitInfo split(Configuration hadoop, Path dir, String split, int tokens, SplittableRandom random)
            throws IOException {
        List<SplitInfo.Shard> shards = new ArrayList<>();
        for (int shard = 0; shard < SHARDS; shard++) {
            try (var writer = new TokenShardWriter(hadoop, dir, DatasetFiles.shard(split, shard), VOCABULARY)) {
                int end = (shard + 1) * tokens / SHARDS;
                for (int i = shard * tokens / SHARDS; i < end; i++) {
                    writer.write((int) (VOCABULARY * Math.pow(random.nextDouble(), 3)));
                }
                shards.add(writer.finish());
            }
        }
        return new SplitInfo(tokens, 1, 4L * tokens, shards);
    }
}
