package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.mllib.clustering.KMeans;
import org.apache.spark.mllib.clustering.KMeansModel;
import org.apache.spark.mllib.linalg.Vector;
import org.apache.spark.mllib.linalg.Vectors;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tokens that are alike: k-means, in Euclidean distance, over the token embeddings of a trained model (Hash Layers, arXiv
 * 2106.04426, section 2). The paper names neither distance nor first centroids; these are those of Spark MLlib.
 *
 * <p>All tokens of the dictionary count alike, however often they occur, so those that never occur have a cluster too. One
 * partition and a seed, so that the same embeddings give the same clusters on any cluster. Few distinct embeddings, or
 * centroids that lose all their tokens, leave clusters empty; they stay so.
 */
final class TokenClusters {
    private static final Logger log = LoggerFactory.getLogger(TokenClusters.class);

    /** Most rounds; those of 8,000 tokens in 64 clusters end after 20 to 40. */
    private static final int ROUNDS = 100;

    private TokenClusters() {}

    /**
     * Clusters the tokens of a model.
     *
     * @param clusters how many there may be at most
     * @return cluster of each token, [V], each in {@code [0, clusters)}
     */
    static int[] of(SparkSession spark, TrainedModel model, int clusters, long seed) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        JavaRDD<Vector> embeddings = context.parallelize(List.of(model.runDir()), 1)
                .flatMap(new ReadEmbeddings(
                        new SerializableConfiguration(context.hadoopConfiguration()),
                        model.step(),
                        model.manifest().model().vocabularySize(),
                        model.manifest().model().modelDim()))
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            return SparkJob.run(spark.sparkContext(), "clustering the tokens of " + model, () -> {
                KMeansModel centroids = new KMeans()
                        .setK(clusters)
                        .setSeed(seed)
                        .setMaxIterations(ROUNDS)
                        .run(embeddings.rdd());
                return centroids.predict(embeddings).collect().stream()
                        .mapToInt(Integer::intValue)
                        .toArray();
            });
        } finally {
            embeddings.unpersist();
        }
    }

    /** Says in a sentence how large the clusters are, and in the log how large each is. */
    static String describe(int[] clusterOfToken, int clusters) {
        int[] sizes = new int[clusters];
        for (int cluster : clusterOfToken) {
            sizes[cluster]++;
        }
        log.info("tokens of each cluster: {}", Arrays.toString(sizes));
        long empty = Arrays.stream(sizes).filter(size -> size == 0).count();
        return "clusters  %d of %d tokens, of %d to %d tokens each%s"
                .formatted(
                        clusters,
                        clusterOfToken.length,
                        Arrays.stream(sizes).min().orElse(0),
                        Arrays.stream(sizes).max().orElse(0),
                        empty == 0 ? "" : "; " + empty + " are empty, and their experts get no tokens");
    }

    /** Reads the rows of the embedding where they are clustered, so that no task carries them. */
    private record ReadEmbeddings(SerializableConfiguration hadoop, long step, int tokens, int dim)
            implements FlatMapFunction<String, Vector> {
        @Override
        public Iterator<Vector> call(String runDir) {
            Matrix embedding = Matrix.allocate(tokens, dim);
            try (CheckpointReader checkpoint = CheckpointReader.open(hadoop.value(), runDir, OptionalLong.of(step))) {
                checkpoint.read(ParameterLayout.TOKEN_EMBEDDING, embedding);
            }
            float[] row = new float[dim];
            Matrix window = embedding.window(0, 1);
            List<Vector> vectors = new ArrayList<>(tokens);
            for (int token = 0; token < tokens; token++) {
                window.moveTo(token, 1);
                window.copyTo(row);
                vectors.add(Vectors.dense(doubles(row)));
            }
            return vectors.iterator();
        }

        private static double[] doubles(float[] values) {
            double[] doubles = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                doubles[i] = values[i];
            }
            return doubles;
        }
    }
}
