package io.hashlayers.driver.gang;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** A store that is started for a test, in this JVM and on loopback. */
interface Store extends AutoCloseable {
    /** Starts it, with its files, if it has any, in a local folder. */
    static Store start(String kind, Path folder) throws IOException {
        return kind.equals("hdfs") ? HdfsStore.start(folder) : S3Store.start();
    }

    /** The path of its root, without a slash at the end. */
    String root();

    /** Tells Hadoop's clients how to reach it. */
    void configure(Configuration hadoop);

    /** What holds the bytes stops to answer. */
    void fail() throws IOException;

    /** It answers again. */
    void recover() throws IOException;

    @Override
    void close();
}
