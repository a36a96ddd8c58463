package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenClustersTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int DIM = 6;

    @TempDir
    static Path dir;

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void tokensThatAreAlikeShareACluster() {
        int groups = 5;
        String model = model("groups", 60, token -> around(token % groups, token));

        int[] clusters = clusters(model, groups, 1);

        for (int token = 0; token < clusters.length; token++) {
            assertThat(clusters[token]).as("token " + token).isEqualTo(clusters[token % groups]);
        }
        assertThat(Arrays.stream(clusters).distinct().toArray()).hasSize(groups);
        assertThat(TokenClusters.describe(clusters, groups))
                .isEqualTo("clusters  5 of 60 tokens, of 12 to 12 tokens each");
    }

    @Test
    void everyTokenIsNearestToTheMeanOfItsOwnCluster() {
        float[][] embeddings = random(300, 4);
        int[] clusters = clusters(model("random", 300, token -> embeddings[token]), 7, 2);

        double[][] means = means(embeddings, clusters, 7);
        for (int token = 0; token < embeddings.length; token++) {
            float[] embedding = embeddings[token];
            double nearest = Arrays.stream(means)
                    .mapToDouble(mean -> distance(embedding, mean))
                    .min()
                    .orElseThrow();
            assertThat(distance(embedding, means[clusters[token]]))
                    .as("token " + token)
                    .isLessThan(nearest + 1e-3);
        }
    }

    @Test
    void theSeedChoosesTheClusters() {
        float[][] embeddings = random(200, 5);
        String model = model("seeds", 200, token -> embeddings[token]);

        int[] first = clusters(model, 8, 1);

        assertThat(clusters(model, 8, 1)).isEqualTo(first);
        assertThat(clusters(model, 8, 2)).isNotEqualTo(first);
    }

    @Test
    void moreClustersThanDifferentTokensLeaveSomeEmpty() {
        String model = model("three", 30, token -> around(token % 3, 0));

        int[] clusters = clusters(model, 8, 1);

        assertThat(Arrays.stream(clusters).distinct().toArray()).hasSize(3);
        assertThat(Arrays.stream(clusters).boxed()).allMatch(cluster -> cluster >= 0 && cluster < 8);
        assertThat(TokenClusters.describe(clusters, 8))
                .isEqualTo(
                        "clusters  8 of 30 tokens, of 0 to 10 tokens each; 5 are empty, and their experts get no tokens");
    }

    private static int[] clusters(String run, int clusters, long seed) {
        return TokenClusters.of(spark, TrainedModel.open(HADOOP, run, OptionalLong.empty()), clusters, seed);
    }

    private static String model(String name, int tokens, IntFunction<float[]> embedding) {
        ModelConfig config =
                new ModelConfig(tokens, 4, 1, DIM, 8, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(), 1, 1));
        Parameters parameters = Parameters.forTraining(config, layer -> new int[0]);
        for (int token = 0; token < tokens; token++) {
            float[] values = embedding.apply(token);
            for (int i = 0; i < DIM; i++) {
                parameters.dense().parameters().get(0).value().set(token, i, values[i]);
            }
        }
        String run = dir.resolve(name).toString();
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        new CheckpointWriter(HADOOP, run, alone)
                .write(
                        new CheckpointContent(3, config, new TreeMap<>(), "", List.of()),
                        CheckpointTensors.of(parameters));
        return run;
    }

    /** A point near the corner of a group. */
    private static float[] around(int group, int token) {
        var random = new SplittableRandom(token);
        float[] point = new float[DIM];
        for (int i = 0; i < DIM; i++) {
            point[i] = (float) (10 * (group >> i & 1) + random.nextDouble(0.1));
        }
        return point;
    }

    private static float[][] random(int tokens, long seed) {
        var random = new SplittableRandom(seed);
        float[][] embeddings = new float[tokens][DIM];
        for (float[] embedding : embeddings) {
            for (int i = 0; i < DIM; i++) {
                embedding[i] = (float) random.nextDouble(-1, 1);
            }
        }
        return embeddings;
    }

    private static double[][] means(float[][] embeddings, int[] clusters, int count) {
        double[][] means = new double[count][DIM];
        for (int cluster = 0; cluster < count; cluster++) {
            int wanted = cluster;
            int[] members = IntStream.range(0, clusters.length)
                    .filter(token -> clusters[token] == wanted)
                    .toArray();
            for (int token : members) {
                for (int i = 0; i < DIM; i++) {
                    means[cluster][i] += embeddings[token][i] / (double) members.length;
                }
            }
        }
        return means;
    }

    private static double distance(float[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < DIM; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
