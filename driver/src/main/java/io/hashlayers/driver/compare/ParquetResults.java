package io.hashlayers.driver.compare;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.worker.data.DatasetFiles;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/** Writes {@code results.parquet}, one file. */
public final class ParquetResults {
    static final String NAME = "results.parquet";

    private ParquetResults() {}

    /** Writes a table in place of what was there. */
    public static void write(SparkSession spark, ResultTable table, String studyDir) {
        SparkJob.run(spark.sparkContext(), "writing the results", () -> {
            writeFile(spark, table, new Path(studyDir));
            return null;
        });
    }

    private static void writeFile(SparkSession spark, ResultTable table, Path dir) throws IOException {
        List<Row> rows = table.rows().stream()
                .map(cells -> RowFactory.create(cells.toArray()))
                .toList();
        Path folder = new Path(dir, ".results"); // Spark writes folders, under names of its own
        FileSystem fileSystem = DatasetFiles.fileSystem(spark.sparkContext().hadoopConfiguration(), dir);
        fileSystem.delete(folder, true);
        spark.createDataFrame(rows, ResultTable.schema()).coalesce(1).write().parquet(folder.toString());
        FileStatus[] parts = fileSystem.globStatus(new Path(folder, "part-*.parquet"));
        if (parts.length != 1) {
            throw new IOException(folder + " holds " + parts.length + " files of rows instead of 1");
        }
        Path file = new Path(dir, NAME);
        fileSystem.delete(file, false);
        if (!fileSystem.rename(parts[0].getPath(), file)) {
            throw new IOException(parts[0].getPath() + " could not be renamed to " + file);
        }
        fileSystem.delete(folder, true);
    }
}
