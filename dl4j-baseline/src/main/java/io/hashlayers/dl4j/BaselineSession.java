package io.hashlayers.dl4j;

import io.hashlayers.driver.gang.SparkSessions;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Sessions with what Deeplearning4j needs of Spark. What the user has set stays. */
final class BaselineSession {
    private BaselineSession() {}

    /** Starts a session on the master of {@code conf}, see {@link SparkSessions#create}. */
    static SparkSession create(SparkConf conf) {
        conf.setIfMissing("spark.app.name", "dl4j-baseline");
        conf.setIfMissing("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        // Deeplearning4j ships its configurations and results as they are, dozens of classes.
        conf.setIfMissing("spark.kryo.registrationRequired", "false");
        // Of each worker comes one result: parameters and both moments of Adam, in one buffer of Kryo's, 2 GiB at most.
        conf.setIfMissing("spark.kryoserializer.buffer.max", "2047m");
        conf.setIfMissing("spark.driver.maxResultSize", "0");
        return SparkSessions.create(conf);
    }
}
