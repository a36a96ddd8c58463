package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * All documents of the input, keyed by (range of a file, position), in as many partitions as the dataset will have shards.
 *
 * <p>Which partition a document is in, and where in it, follows from the input alone: runs of documents of a range go to
 * the partitions in turn, and each is sorted by key.
 */
final class Documents {
    private static final long SHARD_BYTES = 4L << 20;
    private static final int MOST_SHARDS = 4096;
    private static final int RUN = 256; // documents that stay together
    private static final int POSITION_BITS = 40;

    private Documents() {}

    static JavaPairRDD<Long, String> read(SparkSession spark, List<InputFile> files, String textField) {
        return read(spark, files, textField, InputRange.BYTES);
    }

    static JavaPairRDD<Long, String> read(
            SparkSession spark, List<InputFile> files, String textField, long rangeBytes) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        var hadoop = new SerializableConfiguration(context.hadoopConfiguration());
        List<InputRange> ranges = InputRange.of(files, rangeBytes);
        List<JavaPairRDD<Long, String>> parts = new ArrayList<>();
        List<Integer> texts = new ArrayList<>(); // numbers of ranges; the ranges themselves travel with the closure
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).file().format().equals("parquet")) {
                parts.add(parquet(spark, i, ranges.get(i).file(), textField));
            } else {
                texts.add(i);
            }
        }
        if (!texts.isEmpty()) {
            parts.add(context.parallelize(texts, texts.size())
                    .flatMapToPair(range -> keyed(range, reader(hadoop.value(), ranges.get(range), textField))));
        }
        JavaPairRDD<Long, String> all = parts.get(0);
        for (JavaPairRDD<Long, String> part : parts.subList(1, parts.size())) {
            all = all.union(part);
        }
        return all.repartitionAndSortWithinPartitions(new InTurn(shards(files)));
    }

    private static Iterator<String> reader(Configuration hadoop, InputRange range, String textField) {
        try {
            var reader = new DocumentReader(hadoop, range, textField);
            TaskCompletionListener close = task -> reader.close();
            TaskContext.get().addTaskCompletionListener(close);
            return reader;
        } catch (IOException e) {
            throw unreadable(range.file(), e);
        }
    }

    private static TrainingException unreadable(InputFile file, Exception cause) {
        return new TrainingException(
                Failure.DATA, file.path() + " cannot be read: " + cause.getMessage() + "; is it damaged?", cause);
    }

    /** Keyed by the number of the row, however Spark cuts the file. */
    private static JavaPairRDD<Long, String> parquet(SparkSession spark, int range, InputFile file, String textField) {
        Dataset<Row> table = parquetTable(spark, file);
        if (!List.of(table.columns()).contains(textField)) {
            throw new TrainingException(
                    Failure.DATA,
                    file.path() + " has no column \"" + textField + "\", only " + List.of(table.columns())
                            + "; name one with prepare.text-field");
        }
        return table.select(
                        table.col("`" + textField + "`").cast("string"),
                        table.metadataColumn("_metadata").getField("row_index"))
                .javaRDD()
                .filter(row -> !row.isNullAt(0) && !row.getString(0).isBlank())
                .mapToPair(row -> new Tuple2<>(key(range, row.getLong(1)), row.getString(0)));
    }

    private static Dataset<Row> parquetTable(SparkSession spark, InputFile file) {
        try {
            return spark.read().parquet(file.path().replaceAll("[\\[\\]{}*?\\\\]", "\\\\$0"));
        } catch (Exception e) { // Scala does not say which: Spark throws checked ones, too
            throw unreadable(file, e);
        }
    }

    private static Iterator<Tuple2<Long, String>> keyed(int range, Iterator<String> documents) {
        return new Iterator<>() {
            private long position;

            @Override
            public boolean hasNext() {
                return documents.hasNext();
            }

            @Override
            public Tuple2<Long, String> next() {
                return new Tuple2<>(key(range, position++), documents.next());
            }
        };
    }

    private static long key(int range, long position) {
        return ((long) range << POSITION_BITS) + position;
    }

    private static int shards(List<InputFile> files) {
        long bytes = files.stream().mapToLong(InputFile::textBytes).sum();
        return (int) Math.max(1, Math.min(MOST_SHARDS, (bytes + SHARD_BYTES - 1) / SHARD_BYTES));
    }

    /** Deals runs of documents to the partitions in turn. */
    private static final class InTurn extends Partitioner {
        private final int partitions;

        InTurn(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object key) {
            long id = (Long) key;
            long run = (id & ((1L << POSITION_BITS) - 1)) / RUN;
            return (int) Math.floorMod(run + (id >>> POSITION_BITS), (long) partitions);
        }
    }
}
