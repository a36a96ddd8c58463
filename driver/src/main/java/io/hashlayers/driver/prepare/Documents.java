package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * All documents of the input, keyed by (file, position), in as many partitions as the dataset will have shards.
 *
 * <p>Which partition a document is in, and where in it, follows from the input alone: runs of documents of a file go to the
 * partitions in turn, and each is sorted by key.
 */
final class Documents {
    private static final long SHARD_BYTES = 4L << 20;
    private static final int MOST_SHARDS = 4096;
    private static final int RUN = 256; // documents that stay together
    private static final int POSITION_BITS = 40;

    private Documents() {}

    static JavaPairRDD<Long, String> read(SparkSession spark, List<InputFile> files, String textField) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        var hadoop = new SerializableConfiguration(context.hadoopConfiguration());
        List<JavaPairRDD<Long, String>> parts = new ArrayList<>();
        List<Integer> texts = new ArrayList<>(); // numbers of files; the files themselves travel with the closure
        for (int i = 0; i < files.size(); i++) {
            if (files.get(i).format().equals("parquet")) {
                parts.add(parquet(spark, i, files.get(i), textField));
            } else {
                texts.add(i);
            }
        }
        if (!texts.isEmpty()) {
            parts.add(context.parallelize(texts, texts.size())
                    .flatMapToPair(file -> keyed(file, reader(hadoop.value(), files.get(file), textField))));
        }
        JavaPairRDD<Long, String> all = parts.get(0);
        for (JavaPairRDD<Long, String> part : parts.subList(1, parts.size())) {
            all = all.union(part);
        }
        return all.repartitionAndSortWithinPartitions(new InTurn(shards(files)));
    }

    private static Iterator<String> reader(Configuration hadoop, InputFile file, String textField) {
        try {
            return new DocumentReader(hadoop, file, textField);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, file.path() + " cannot be read: " + e.getMessage() + "; is it damaged?", e);
        }
    }

    private static JavaPairRDD<Long, String> parquet(SparkSession spark, int number, InputFile file, String textField) {
        var table = spark.read().parquet(file.path());
        if (!List.of(table.columns()).contains(textField)) {
            throw new TrainingException(
                    Failure.DATA,
                    file.path() + " has no column \"" + textField + "\", only " + List.of(table.columns())
                            + "; name one with prepare.text-field");
        }
        return table.select(table.col(textField).cast("string"))
                .coalesce(1)
                .javaRDD()
                .mapPartitionsToPair(rows -> keyed(
                        number,
                        StreamSupport.stream(((Iterable<Row>) () -> rows).spliterator(), false)
                                .filter(row ->
                                        !row.isNullAt(0) && !row.getString(0).isBlank())
                                .map(row -> row.getString(0))
                                .iterator()));
    }

    private static Iterator<Tuple2<Long, String>> keyed(int file, Iterator<String> documents) {
        return new Iterator<>() {
            private long position;

            @Override
            public boolean hasNext() {
                return documents.hasNext();
            }

            @Override
            public Tuple2<Long, String> next() {
                return new Tuple2<>(((long) file << POSITION_BITS) + position++, documents.next());
            }
        };
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
