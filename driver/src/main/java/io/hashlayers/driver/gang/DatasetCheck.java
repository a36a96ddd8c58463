package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** What must hold of a dataset before its tokens are counted on. */
public final class DatasetCheck {
    private DatasetCheck() {}

    /**
     * Requires that each split has its files and at least one sequence.
     *
     * @param sequenceLength {@code S}
     * @throws TrainingException of kind {@code DATA} that says what is missing
     */
    public static void requireRows(SparkSession spark, String datasetDir, List<String> splits, int sequenceLength) {
        for (String split : splits) {
            try {
                TokenDataset.open(spark.sparkContext().hadoopConfiguration(), datasetDir, split, sequenceLength)
                        .close();
            } catch (IOException e) {
                throw new TrainingException(
                        StorageFailure.kind(e),
                        datasetDir + " cannot be read: " + e.getMessage() + "; check the storage",
                        e);
            }
        }
    }

    /**
     * Requires that a text has the tokens that a model knows.
     *
     * @throws TrainingException of kind {@code DATA} if it was made with another tokenizer
     */
    static void requireTokenizer(String datasetDir, DatasetManifest dataset, CheckpointManifest checkpoint) {
        String ofModel = checkpoint.digests().getOrDefault("tokenizer", "");
        if (!ofModel.equals(dataset.tokenizerDigest())) {
            throw new TrainingException(
                    Failure.DATA,
                    "the dataset %s was made with the tokenizer %s, the model with %s; prepare the text with the tokenizer of the model's dataset (prepare.tokenizer)"
                            .formatted(datasetDir, dataset.tokenizerDigest(), ofModel));
        }
    }

    /**
     * Reads all shards of the splits whole, all executors together, and compares their checksums with the manifest.
     *
     * @throws TrainingException of kind {@code DATA} that names a file whose bytes are not those that were prepared
     */
    public static void requireWhole(
            SparkSession spark, String datasetDir, DatasetManifest dataset, List<String> splits) {
        List<SplitInfo.Shard> shards = splits.stream()
                .flatMap(split -> dataset.split(split).shards().stream())
                .toList();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        var check = new CheckShard(datasetDir, shards, new SerializableConfiguration(context.hadoopConfiguration()));
        List<Integer> numbers = IntStream.range(0, shards.size()).boxed().toList();
        SparkJob.run(spark.sparkContext(), "checking the dataset", () -> {
            context.parallelize(numbers, Math.max(1, shards.size())).foreach(check);
            return null;
        });
    }

    private record CheckShard(String datasetDir, List<SplitInfo.Shard> shards, SerializableConfiguration hadoop)
            implements VoidFunction<Integer> {
        private static final int BUFFER_BYTES = 1 << 20;

        @Override
        public void call(Integer number) {
            SplitInfo.Shard shard = shards.get(number);
            Folder folder = Folder.of(hadoop.value(), datasetDir);
            try (InputStream in = folder.open(shard.file())) {
                String actual = checksum(in);
                if (!actual.equals(shard.checksum())) {
                    throw new TrainingException(
                            Failure.DATA,
                            folder.path(shard.file()) + " is damaged: its checksum is " + actual
                                    + ", the manifest says " + shard.checksum()
                                    + "; restore the file or prepare the dataset again");
                }
            } catch (IOException e) {
                throw new TrainingException(
                        StorageFailure.kind(e),
                        folder.path(shard.file()) + " cannot be read: " + e.getMessage()
                                + "; restore the file or prepare the dataset again",
                        e);
            }
        }

        private static String checksum(InputStream in) throws IOException {
            Sha256 checksum = new Sha256();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                checksum.update(buffer, 0, read);
            }
            return checksum.finish();
        }
    }
}
