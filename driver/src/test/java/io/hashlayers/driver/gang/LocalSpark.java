package io.hashlayers.driver.gang;

import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Sessions in this JVM, on loopback and without web pages. */
final class LocalSpark {
    private LocalSpark() {}

    static SparkSession start(int slots) {
        return SparkSessions.create(settings("local[" + slots + "]"));
    }

    static SparkConf settings(String master) {
        return new SparkConf(false)
                .set("spark.app.name", "gang-test")
                .set("spark.master", master)
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.ui.enabled", "false")
                .set("spark.sql.shuffle.partitions", "2");
    }
}
