package io.hashlayers.driver.gang;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.Tuple2;
import scala.collection.Iterator;

/**
 * The few things that we use of Spark and that Spark does not promise to keep: public in byte code, {@code private[spark]}
 * in its sources. Written against Spark 3.5.
 */
final class SparkInternals {
    private SparkInternals() {}

    /** Tasks that the executors registered now can run at once, by cores and by GPUs. */
    static int slots(SparkContext spark) {
        return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
    }

    /** Cores of the largest executor registered now, 1 if there is none. */
    static int mostCoresOfAnExecutor(SparkContext spark) {
        int most = 1;
        Iterator<ExecutorSummary> executors =
                spark.statusStore().executorList(true).iterator();
        while (executors.hasNext()) {
            most = Math.max(most, executors.next().totalCores());
        }
        return most;
    }

    /**
     * Has an executor ended by its cluster manager, and another one started in its place; does nothing in local modes. Its slots
     * count no more from now on, even if its process is slow to end.
     *
     * @return whether the manager took the order, within {@code spark.rpc.askTimeout}
     */
    static boolean replaceExecutor(SparkContext spark, String executor) {
        return !spark.isLocal() && spark.killAndReplaceExecutor(executor);
    }

    /** Waits until our listeners have heard of all that happened so far, at most for so long. */
    static void drainListeners(SparkContext spark, Duration atMost) {
        try {
            spark.listenerBus().waitUntilEmpty(atMost.toMillis());
        } catch (TimeoutException e) {
            // they hear of it later; what is known until then has to do
        }
    }

    /** Name or address of this executor's host, as Spark's own transport uses it. */
    static String executorHost() {
        return SparkEnv.get().blockManager().blockManagerId().host();
    }

    /** Secrets for authentication between executors. */
    static SecretKeyHolder secrets() {
        return SparkEnv.get().securityManager();
    }

    /** All settings of this executor. */
    static Map<String, String> settings() {
        Map<String, String> settings = new TreeMap<>();
        for (Tuple2<String, String> entry : SparkEnv.get().conf().getAll()) {
            settings.put(entry._1(), entry._2());
        }
        return settings;
    }
}
