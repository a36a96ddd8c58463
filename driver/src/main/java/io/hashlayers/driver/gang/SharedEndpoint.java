package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.Endpoint;
import io.hashlayers.worker.collective.TransportSettings;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;

/**
 * The one endpoint of a run in this JVM, opened by the first of its ranks here and closed by the last. Tasks of an executor
 * share nothing but the JVM, so it is found by the name of the run.
 */
final class SharedEndpoint implements AutoCloseable {
    private static final Map<String, SharedEndpoint> OPEN = new HashMap<>();

    private final String run;
    private final Endpoint endpoint;
    private int users;

    private SharedEndpoint(String run, Endpoint endpoint) {
        this.run = run;
        this.endpoint = endpoint;
    }

    /** The endpoint for one more rank of the run, which closes it when it is done. */
    static SharedEndpoint open(String run) {
        synchronized (OPEN) {
            SharedEndpoint shared = OPEN.computeIfAbsent(run, key -> new SharedEndpoint(key, new Endpoint(settings())));
            shared.users++;
            return shared;
        }
    }

    Endpoint endpoint() {
        return endpoint;
    }

    private static TransportSettings settings() {
        return new TransportSettings(
                SparkInternals.executorHost(),
                SparkInternals.settings(),
                SparkInternals.secrets(),
                SparkEnv.get().conf().getAppId(),
                TransportSettings.DEFAULT_MAX_MESSAGE_BYTES,
                TransportSettings.DEFAULT_SHARED_FROM_BYTES);
    }

    @Override
    public void close() {
        synchronized (OPEN) {
            users--;
            if (users == 0) {
                OPEN.remove(run);
                endpoint.close();
            }
        }
    }
}
