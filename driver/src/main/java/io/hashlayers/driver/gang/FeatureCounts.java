package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.RowReader;
import io.hashlayers.worker.data.RowSource;
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
    private final RowSource rows;
    private final DatasetManifest dataset;
    private final Frequencies frequencies;
    private final Map<String, long[]> counted = new HashMap<>();

    /**
     * @param rows whose values are counted
     * @param frequencies of the tokens of the dataset
     */
    FeatureCounts(SparkSession spark, RowSource rows, DatasetManifest dataset, Frequencies frequencies) {
        this.spark = JavaSparkContext.fromSparkContext(spark.sparkContext());
        this.rows = rows;
        this.dataset = dataset;
        this.frequencies = frequencies;
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
            return switch (rows.split()) {
                case DatasetFiles.TRAIN -> frequencies.train();
                case DatasetFiles.VALID -> frequencies.valid();
                default -> frequencies.test();
            };
        }
        long count = dataset.split(rows.split()).rows(rows.sequenceLength());
        int tasks = (int) Math.max(1, Math.min(count, (long) TASKS_PER_SLOT * spark.defaultParallelism()));
        List<Integer> numbers = IntStream.range(0, tasks).boxed().toList();
        CountValues values = new CountValues(
                new SerializableConfiguration(spark.hadoopConfiguration()),
                rows,
                tasks,
                feature.name(),
                feature.size(dataset.vocabularySize(), rows.sequenceLength()));
        return SparkJob.run(
                spark.sc(),
                "counting " + feature.name() + " in split " + rows.split(),
                () -> spark.parallelize(numbers, tasks).map(values::of).reduce(FeatureCounts::sum));
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
            SerializableConfiguration hadoop, RowSource source, int tasks, String feature, int values)
            implements Serializable {
        long[] of(int task) {
            TokenFeature counted = TokenFeature.named(feature);
            long[] counts = new long[values];
            try (RowReader rows = RowReader.open(hadoop.value(), source)) {
                TokenRows sequence = rows.allocate(1);
                for (long row = task * rows.rows() / tasks; row < (task + 1) * rows.rows() / tasks; row++) {
                    rows.read(row, sequence, 0);
                    for (int i = 0; i < sequence.rows(); i++) {
                        counts[counted.valueAt(sequence, i)]++;
                    }
                }
            }
            return counts;
        }
    }
}
