package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** How often each token occurs in each split; {@code frequencies.parquet} of a dataset. Immutable. */
public final class Frequencies {
    private static final StructType SCHEMA = new StructType()
            .add("token", DataTypes.IntegerType, false)
            .add("train", DataTypes.LongType, false)
            .add("valid", DataTypes.LongType, false)
            .add("test", DataTypes.LongType, false)
            .add("text", DataTypes.StringType, false);

    private final long[] train;
    private final long[] valid;
    private final long[] test;

    Frequencies(long[] train, long[] valid, long[] test) {
        this.train = train;
        this.valid = valid;
        this.test = test;
    }

    /**
     * Reads those of a dataset, without Spark SQL, whose start would take longer than all else that a run reads.
     *
     * @throws TrainingException of kind DATA if they are missing or not what we wrote
     */
    public static Frequencies read(Configuration hadoop, String datasetDir) {
        Path path = new Path(datasetDir, DatasetFiles.FREQUENCIES);
        List<long[]> rows = new ArrayList<>();
        try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), path)
                .withConf(hadoop)
                .build()) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                rows.add(new long[] {
                    row.getInteger("token", 0), row.getLong("train", 0), row.getLong("valid", 0), row.getLong("test", 0)
                });
            }
        } catch (IOException | RuntimeException e) {
            throw new TrainingException(
                    Failure.DATA, path + " cannot be read; prepare the dataset again with --overwrite", e);
        }
        rows.sort(Comparator.comparingLong(row -> row[0]));
        for (int token = 0; token < rows.size(); token++) {
            if (rows.get(token)[0] != token) {
                throw new TrainingException(
                        Failure.DATA, path + " lacks token " + token + "; prepare the dataset again with --overwrite");
            }
        }
        return new Frequencies(column(rows, 1), column(rows, 2), column(rows, 3));
    }

    private static long[] column(List<long[]> rows, int column) {
        return rows.stream().mapToLong(row -> row[column]).toArray();
    }

    /** Writes them as one file. The same counts always give the same bytes. */
    void write(SparkSession spark, Path dir, TextTokenizer tokenizer) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (int token = 0; token < train.length; token++) {
            rows.add(RowFactory.create(
                    token, train[token], valid[token], test[token], tokenizer.decode(new int[] {token})));
        }
        Path folder = new Path(dir, ".frequencies"); // Spark writes folders, under names of its own
        spark.createDataFrame(rows, SCHEMA)
                .coalesce(1)
                .write()
                .option("compression", "snappy")
                .parquet(folder.toString());
        FileSystem fileSystem = DatasetFiles.fileSystem(spark.sparkContext().hadoopConfiguration(), dir);
        FileStatus[] parts = fileSystem.globStatus(new Path(folder, "part-*.parquet"));
        if (parts.length != 1) {
            throw new IOException(folder + " holds " + parts.length + " files of rows instead of 1");
        }
        Destination.rename(fileSystem, parts[0].getPath(), new Path(dir, DatasetFiles.FREQUENCIES));
        fileSystem.delete(folder, true);
    }

    /** Counts in the training split, [V]. */
    public long[] train() {
        return train.clone();
    }

    /** Counts in the validation split, [V]. */
    public long[] valid() {
        return valid.clone();
    }

    /** Counts in the test split, [V]. */
    public long[] test() {
        return test.clone();
    }
}
