package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.data.RowSource;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.data.TokenShardWriter;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureCountsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int V = TinyDataset.VOCABULARY;
    private static final int S = 7;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static DatasetManifest dataset;

    /** The value of a position, in the way of the paper's words rather than of the program. */
    private interface Value {
        int of(int[] tokens, int[] targets, int position);
    }

    private static final Map<TokenFeature, Value> PLAIN = Map.of(
            TokenFeature.CURRENT_TOKEN,
            (tokens, targets, i) -> tokens[i],
            TokenFeature.PREVIOUS_TOKEN,
            (tokens, targets, i) -> i == 0 ? V : tokens[i - 1],
            TokenFeature.BIGRAM,
            (tokens, targets, i) -> mix(i == 0 ? V : tokens[i - 1], tokens[i]),
            TokenFeature.POSITION,
            (tokens, targets, i) -> i,
            TokenFeature.ORACLE_NEXT,
            (tokens, targets, i) -> targets[i],
            TokenFeature.PREDICTED_NEXT,
            (tokens, targets, i) -> predicted(tokens[i]));

    @BeforeAll
    static void start() throws IOException {
        dataset = TinyDataset.write(dir.resolve("dataset"), 2000, 300, 1);
        spark = LocalSpark.start(2);
        TinyDataset.writeFrequencies(spark, dir.resolve("dataset"));
        writePredictions();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void everyFeatureIsCountedAsByAPlainLoop() throws IOException {
        for (Map.Entry<TokenFeature, Value> plain : PLAIN.entrySet()) {
            TokenFeature feature = plain.getKey();
            if (feature.equals(TokenFeature.CURRENT_TOKEN)) {
                continue; // counted when the text was prepared, with the tokens that fill no row
            }
            assertThat(counts("valid").of(feature))
                    .as(feature.name())
                    .isEqualTo(plainCounts(feature, plain.getValue(), "valid"));
        }
        assertThat(counts("train").of(TokenFeature.ORACLE_NEXT))
                .isEqualTo(plainCounts(TokenFeature.ORACLE_NEXT, (tokens, targets, i) -> targets[i], "train"));
    }

    @Test
    void currentTokensAreThoseOfTheDatasetsFrequencies() {
        Frequencies frequencies =
                Frequencies.read(HADOOP, dir.resolve("dataset").toString());

        assertThat(counts("train").of(TokenFeature.CURRENT_TOKEN)).isEqualTo(frequencies.train());
        assertThat(counts("valid").of(TokenFeature.CURRENT_TOKEN)).isEqualTo(frequencies.valid());
    }

    private static FeatureCounts counts(String split) {
        String predictions = split.equals("valid") ? dir.resolve("predictions").toString() : "";
        RowSource rows = new RowSource(dir.resolve("dataset").toString(), split, S, predictions);
        return new FeatureCounts(
                spark,
                rows,
                dataset,
                Frequencies.read(HADOOP, dir.resolve("dataset").toString()));
    }

    private static long[] plainCounts(TokenFeature feature, Value value, String split) throws IOException {
        long[] counts = new long[feature.size(V, S)];
        int[] tokens = new int[S];
        int[] targets = new int[S];
        try (TokenDataset rows =
                TokenDataset.open(HADOOP, dir.resolve("dataset").toString(), split, S)) {
            for (long row = 0; row < rows.rows(); row++) {
                rows.readRow(row, tokens, targets, 0);
                for (int i = 0; i < S; i++) {
                    counts[value.of(tokens, targets, i)]++;
                }
            }
        }
        return counts;
    }

    /** What a model would predict that knows the token alone. */
    private static int predicted(int token) {
        return (3 * token + 1) % V;
    }

    private static void writePredictions() throws IOException {
        int[] tokens = new int[S];
        try (TokenDataset rows =
                        TokenDataset.open(HADOOP, dir.resolve("dataset").toString(), "valid", S);
                TokenShardWriter writer = new TokenShardWriter(
                        HADOOP,
                        new org.apache.hadoop.fs.Path(dir.resolve("predictions").toString()),
                        "valid/tokens-00000.bin",
                        V)) {
            for (long row = 0; row < rows.rows(); row++) {
                rows.readRow(row, tokens, new int[S], 0);
                for (int token : tokens) {
                    writer.write(predicted(token));
                }
            }
            List<SplitInfo.Shard> shards = List.of(writer.finish());
            new PredictionManifest(1, "valid", "run", 1, "sha256:1", dataset.digest(), V, S, rows.rows(), 4, shards)
                    .write(Folder.of(HADOOP, dir.resolve("predictions").toString()));
        }
    }

    /** The finalizer of SplitMix64, its top 16 bits. */
    private static int mix(int previous, int current) {
        long z = (((long) previous << 32) + current) + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return (int) ((z ^ (z >>> 31)) >>> 48);
    }
}
