package io.hashlayers.driver.cli;

import io.hashlayers.driver.job.StorageSettings;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/** How paths are opened by commands that need no cluster: as Spark would, {@code spark.hadoop.*} included. */
final class HadoopSettings {
    private HadoopSettings() {}

    static Configuration load() {
        return SparkHadoopUtil.get().newConfiguration(StorageSettings.complete(new SparkConf()));
    }
}
