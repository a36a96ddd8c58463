package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.SparkSessions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultTableTest {
    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static ResultTable table;

    @BeforeAll
    static void start() {
        System.setProperty("spark.master", "local[2]");
        spark = SparkSessions.create("results-test");
        Study study = SampleStudy.read(dir, SampleStudy.TABLES);
        table = new ResultTable(SampleStudy.results(
                study, dir, run -> run.seed() == 2 && run.variant().equals("random") ? Double.NaN : 10 + run.seed()));
    }

    @AfterAll
    static void stop() {
        spark.stop();
        System.clearProperty("spark.master");
    }

    @Test
    void everyRunIsARowAndAFailedOneTooWithoutMeasures() {
        List<String> lines = table.csv().lines().toList();

        assertThat(lines).hasSize(1 + 9);
        assertThat(lines.get(0))
                .startsWith("study,size,variant,seed,status,attempts,failure,dataset,settings,digest,valid_loss,");
        assertThat(lines.get(1))
                .startsWith("sample,small,balanced,1,finished,1,,main,\"moe.table=\"\"balanced\"\"\",sha256:");
        assertThat(table.csv()).contains("sample,small,random,2,failed,2,\"lost <host> & \"\"rank\"\" 1\",main,");
        assertThat(lines.get(5)).endsWith(",".repeat(Measure.values().length));
    }

    @Test
    void bothFilesHoldTheSameCells() throws Exception {
        Path csv = Files.writeString(dir.resolve("results.csv"), table.csv());

        ParquetResults.write(spark, table, dir.toString());
        ParquetResults.write(spark, table, dir.toString()); // in place of the first

        List<Row> ofParquet =
                spark.read().parquet(dir.resolve("results.parquet").toString()).collectAsList();
        List<Row> ofCsv = spark.read()
                .option("header", true)
                .option("escape", "\"")
                .option("emptyValue", "")
                .schema(ResultTable.schema())
                .csv(csv.toString())
                .na()
                .fill("", new String[] {"failure"})
                .collectAsList();
        assertThat(Files.isRegularFile(dir.resolve("results.parquet"))).isTrue();
        assertThat(dir.resolve(".results")).doesNotExist();
        assertThat(ofParquet).hasSize(9).containsExactlyElementsOf(ofCsv);
        assertThat(Arrays.asList(ofParquet.get(0).schema().fieldNames()))
                .isEqualTo(Arrays.asList(ResultTable.schema().fieldNames()));
        assertThat(ofParquet.get(0).<Double>getAs("valid_perplexity")).isEqualTo(11.0);
        assertThat(ofParquet.get(4).isNullAt(10)).as("of the failed run").isTrue();
    }
}
