package io.hashlayers.driver.job;

import java.util.Arrays;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;

/**
 * How long Hadoop's clients try to reach a storage that does not answer: by their own defaults for many minutes, or for ever. What the
 * user has set, for Spark or in Hadoop's files, stays.
 */
public final class StorageSettings {
    private static final String PREFIX = "spark.hadoop.";

    private static final Map<String, String> DEADLINES = Map.of(
            // Repetitions of a request, with pauses of up to 20 s. Default: 20, for each of those of the next line.
            "fs.s3a.attempts.maximum",
            "1",
            // Repetitions of an operation, with pauses that double from half a second: 15 s in all. Default: 7.
            "fs.s3a.retry.limit",
            "5",
            // Milliseconds without an answer on an open connection. Default: 200 s.
            "fs.s3a.connection.timeout",
            "20000",
            // Milliseconds until a name node that is connected has answered. Default: for ever.
            "ipc.client.rpc-timeout.ms",
            "60000",
            // Tries to connect to one that does not answer, 20 s each. Default: 45.
            "ipc.client.connect.max.retries.on.timeouts",
            "2");

    private StorageSettings() {}

    /** Adds to {@code conf} what neither it nor Hadoop's own files set, and returns it. */
    public static SparkConf complete(SparkConf conf) {
        Configuration hadoop = new Configuration();
        DEADLINES.forEach((key, value) -> {
            if (!setByUser(hadoop, key)) {
                conf.setIfMissing(PREFIX + key, value);
            }
        });
        return conf;
    }

    private static boolean setByUser(Configuration hadoop, String key) {
        String[] sources = hadoop.getPropertySources(key);
        return sources != null && !Arrays.stream(sources).allMatch(source -> source.endsWith("-default.xml"));
    }
}
