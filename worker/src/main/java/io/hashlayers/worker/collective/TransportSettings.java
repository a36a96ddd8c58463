package io.hashlayers.worker.collective;

import java.util.Map;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.jspecify.annotations.Nullable;

/**
 * How the ranks of one JVM are reached by those of others.
 *
 * @param host address to listen on; no other is bound
 * @param sparkConf Spark's settings, of which {@code spark.authenticate} and {@code spark.network.crypto.*} count here
 * @param secret Spark's secrets; needed where {@code spark.authenticate} is true
 * @param appId the Spark application, by which the secret is found
 * @param maxMessageBytes payload of one message on the wire; larger data go in several
 * @param sharedFromBytes least data that go through shared memory to a JVM of the same machine
 */
public record TransportSettings(
        String host,
        Map<String, String> sparkConf,
        @Nullable SecretKeyHolder secret,
        String appId,
        int maxMessageBytes,
        int sharedFromBytes) {
    /** Measured best on loopback: larger ones delay the copy at the other end, smaller ones cost headers. */
    public static final int DEFAULT_MAX_MESSAGE_BYTES = 1 << 20;

    /** From here on two copies in memory take less than two through sockets. */
    public static final int DEFAULT_SHARED_FROM_BYTES = 1 << 15;

    public TransportSettings {
        sparkConf = Map.copyOf(sparkConf);
        if (maxMessageBytes < 1) {
            throw new IllegalArgumentException("maxMessageBytes is " + maxMessageBytes + ", must be at least 1");
        }
        if (sharedFromBytes < Long.BYTES) {
            throw new IllegalArgumentException("sharedFromBytes is " + sharedFromBytes + ", must be at least 8");
        }
    }

    /** Without Spark's settings, among which may be secrets. */
    @Override
    public String toString() {
        return "TransportSettings[host=%s, appId=%s]".formatted(host, appId);
    }
}
