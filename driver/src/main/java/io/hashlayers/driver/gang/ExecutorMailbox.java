package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * Where the ranks of an executor post messages to the driver. Spark makes the plugin and hands it to no one, so its context
 * is kept for the whole JVM; there is one Spark application in a JVM.
 */
final class ExecutorMailbox implements ExecutorPlugin {
    private static volatile @Nullable PluginContext current;
    private static volatile @Nullable LogTail tail;
    private static volatile @Nullable Redaction redaction;

    @Override
    public void init(PluginContext context, Map<String, String> extraConf) {
        current = context;
        Map<String, String> settings = new TreeMap<>();
        for (Tuple2<String, String> setting : context.conf().getAll()) {
            settings.put(setting._1(), setting._2());
        }
        Redaction mine = new Redaction(settings);
        redaction = mine;
        LogTail newTail = new LogTail(mine);
        newTail.install();
        tail = newTail;
    }

    @Override
    public void shutdown() {
        current = null;
        LogTail last = tail;
        if (last != null) {
            last.remove();
            tail = null;
        }
    }

    /** The last lines that this JVM logged, the oldest first. */
    static List<String> lastLogLines() {
        LogTail last = tail;
        return last == null ? List.of() : last.lines();
    }

    /** What takes the secrets out that this executor knows. */
    static Redaction redaction() {
        Redaction mine = redaction;
        return mine == null ? Redaction.ofThisProcess() : mine;
    }

    /** Posts a message; returns at once. */
    static void post(RankMessage message) {
        try {
            context().send(message);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.PEER_LOST, "the driver does not take messages any more: " + e.getMessage(), e);
        }
    }

    /** Delivers a message and returns when the driver has acted on it, and so on all that this JVM posted before. */
    static void deliver(RankMessage message) {
        try {
            context().ask(message);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "the rank was told to stop", e);
        } catch (Exception e) {
            throw new TrainingException(
                    Failure.PEER_LOST, "the driver does not take messages any more: " + e.getMessage(), e);
        }
    }

    private static PluginContext context() {
        PluginContext context = current;
        if (context == null) {
            throw new TrainingException(
                    Failure.USER,
                    "spark.plugins lacks " + HashlayersPlugin.class.getName()
                            + "; add it, or let hashlayers start the Spark session");
        }
        return context;
    }
}
