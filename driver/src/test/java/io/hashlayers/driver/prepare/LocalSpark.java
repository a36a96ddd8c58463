package io.hashlayers.driver.prepare;

import org.apache.spark.sql.SparkSession;

/** Sessions in this JVM with the serializer of real ones, on loopback and without web pages. */
final class LocalSpark {
    private LocalSpark() {}

    static SparkSession start(int slots) {
        return SparkSession.builder()
                .master("local[" + slots + "]")
                .appName("prepare-test")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .config("spark.kryo.registrationRequired", "true")
                .getOrCreate();
    }
}
