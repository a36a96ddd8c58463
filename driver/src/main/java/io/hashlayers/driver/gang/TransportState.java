package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.TransportSecurity;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/** How safe the ways between ranks will be, by Spark's settings alone. */
final class TransportState {
    private TransportState() {}

    /**
     * Refuses what would be weaker than the cluster asks for.
     *
     * @throws TrainingException of kind {@code USER} that names the key to change
     */
    static void require(SparkConf conf) {
        Map<String, String> settings = settings(conf);
        TransportSecurity security = TransportSecurity.of(settings);
        if (!SparkSettings.local(conf)) {
            security.requireWhatIsAsked(settings);
        }
    }

    /** In a phrase, such as {@code authenticated and encrypted (AES)}; for whoever reads what will run. */
    static String describe(SparkConf conf) {
        return SparkSettings.local(conf)
                ? "one process, nothing on the network"
                : TransportSecurity.of(settings(conf)).describe();
    }

    private static Map<String, String> settings(SparkConf conf) {
        return Arrays.stream(conf.getAll()).collect(Collectors.toMap(Tuple2::_1, Tuple2::_2));
    }
}
