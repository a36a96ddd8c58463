package io.hashlayers.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class SparkJobTest {
    /** A worker has one core and an executor would take two, so none is ever there. */
    @Test
    void aJobThatNoExecutorWillDoEndsWithWhatToChange() {
        SparkConf conf = new SparkConf(false)
                .set("spark.app.name", "no-executors")
                .set("spark.master", "local-cluster[1,1,1024]")
                .set("spark.executor.cores", "2")
                .set(SparkJob.REGISTRATION_KEY, "1s")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.ui.enabled", "false");
        try (SparkSession spark = SparkSessions.create(conf)) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());

            assertThatThrownBy(() -> SparkJob.run(context.sc(), "counting", () -> context.parallelize(List.of(1, 2))
                            .count()))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.RESOURCES))
                    .hasMessageStartingWith("counting: no executor was there for 1 s; ")
                    .hasMessageContaining("spark.executor.cores");
        }
    }

    @Test
    void whatATaskThrowsIsWhatTheJobThrows() {
        SparkConf conf = new SparkConf(false)
                .set("spark.app.name", "failing")
                .set("spark.master", "local[1]")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.ui.enabled", "false");
        try (SparkSession spark = SparkSessions.create(conf)) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());

            assertThatThrownBy(() -> SparkJob.run(context.sc(), "reading", () -> context.parallelize(List.of(1))
                            .map(SparkJobTest::refuse)
                            .collect()))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.DATA))
                    .hasMessage("row 1 is damaged");
        }
    }

    private static int refuse(int row) {
        throw new TrainingException(Failure.DATA, "row " + row + " is damaged");
    }
}
