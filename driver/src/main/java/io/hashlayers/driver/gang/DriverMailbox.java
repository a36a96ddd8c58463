package io.hashlayers.driver.gang;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.plugin.DriverPlugin;
import org.jspecify.annotations.Nullable;

/**
 * Where messages of ranks arrive. Spark makes the plugin and hands it to no one, so the inboxes are kept for the whole JVM.
 * What comes for a run that is over is dropped.
 */
final class DriverMailbox implements DriverPlugin {
    private static final Map<String, RankInbox> INBOXES = new ConcurrentHashMap<>();

    /** From now on {@code inbox} gets the messages for {@code run}. */
    static void open(String run, RankInbox inbox) {
        INBOXES.put(run, inbox);
    }

    static void close(String run) {
        INBOXES.remove(run);
    }

    @Override
    public @Nullable Object receive(Object message) {
        if (message instanceof RankMessage known) {
            RankInbox inbox = INBOXES.get(known.run());
            if (inbox != null) {
                inbox.receive(known.event());
            }
        }
        return null;
    }
}
