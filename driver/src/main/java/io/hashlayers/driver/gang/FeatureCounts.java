package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.JobFailures;
import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.TokenDataset;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * How often each value of a feature occurs in a split: for the current token as {@code prepare} counted it, for others by a Spark
 * job that reads the sequences of the split. Counts are kept.
 */
final class FeatureCounts {
    private static final int TASKS_PER_SLOT = 3;

    private final JavaSparkContext spark;
    private final String datasetDir;
    private final DatasetManifest dataset;
    private final Frequencies frequencies;
    private final String split;
    private final int sequenceLength;
    private final Map<String, long[]> counted = new HashMap<>();

    FeatureCounts(
            SparkSession spark,
            String datasetDir,
            DatasetManifest dataset,
            Frequencies frequencies,
            String split,
            int sequenceLength) {
        this.spark = JavaSparkContext.fromSparkContext(spark.sparkContext());
        this.datasetDir = datasetDir;
        this.dataset = dataset;
        this.frequencies = frequencies;
        this.split = split;
        this.sequenceLength = sequenceLength;
    }

    /** Occurrences of each value, for each part of a hash in turn, [parts][V]. */
    long[][] of(ExpertHash hash) {
        return hash.parts().stream().map(part -> of(part.feature())).toArray(long[][]::new);
    }

    /** Occurrences of each value, [V]. */
    long[] of(TokenFeature feature) {
        return counted.computeIfAbsent(feature.name(), name -> count(feature));
    }

    private long[] count(TokenFeature feature) {
        if (feature.name().equals(TokenFeature.CURRENT_TOKEN.name())) {
            return switch (split) {
                case DatasetFiles.TRAIN -> frequencies.train();
                case DatasetFiles.VALID -> frequencies.valid();
                default -> frequencies.test();
            };
        }
        long rows = dataset.split(split).rows(sequenceLength);
        int tasks = (int) Math.max(1, Math.min(rows, (long) TASKS_PER_SLOT * spark.defaultParallelism()));
        List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        CountValues count = new CountValues(
                hadoop, datasetDir, split, dataset.vocabularySize(), sequenceLength, rows, tasks, feature.name());
        return JobFailures.run(
                "counting " + feature.name() + " in split " + split,
                () -> spark.parallelize(numbers, tasks).map(count::of).reduce(FeatureCounts::sum));
    }

    private static long[] sum(long[] a, long[] b) {
        long[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += b[i];
        }
        return sum;
    }

    /** Counts an even part of the sequences: that of one of so many tasks. */
    private record CountValues(
            SerializableConfiguration hadoop,
            String datasetDir,
            String split,
            int vocabularySize,
            int sequenceLength,
            long rows,
            int tasks,
            String feature)
            implements Serializable {
        long[] of(int task) {
            TokenFeature counted = TokenFeature.named(feature);
            long[] counts = new long[counted.size(vocabularySize, sequenceLength)];
            TokenRows sequence = new TokenRows(
                    new int[sequenceLength], new int[sequenceLength], new int[0], vocabularySize, sequenceLength);
            try (TokenDataset tokens = TokenDataset.open(hadoop.value(), datasetDir, split, sequenceLength)) {
                for (long row = task * rows / tasks; row < (task + 1) * rows / tasks; row++) {
                    tokens.readRow(row, sequence.tokens(), sequence.targets(), 0);
                    for (int i = 0; i < sequenceLength; i++) {
                        counts[counted.valueAt(sequence, i)]++;
                    }
                }
            } catch (IOException e) {
                throw new TrainingException(
                        Failure.DATA,
                        datasetDir + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                        e);
            }
            return counts;
        }
    }
}
