package io.hashlayers.driver.gang;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/** Remembers which executors went away while a run lasted, and why. Filled by Spark's listener thread. */
final class LostExecutors extends SparkListener {
    private final Map<String, String> reasons = new LinkedHashMap<>();
    private final LivingRanks living;

    /**
     * @param living no longer waits for executors that are lost
     */
    LostExecutors(LivingRanks living) {
        this.living = living;
    }

    /**
     * The first executor that was lost.
     *
     * @param executor Spark's id of it
     * @param reason Spark's own words
     */
    record Loss(String executor, String reason) {}

    @Override
    public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved event) {
        reasons.putIfAbsent(event.executorId(), event.reason());
        living.forget(event.executorId());
    }

    synchronized Optional<Loss> first() {
        return reasons.entrySet().stream().findFirst().map(entry -> new Loss(entry.getKey(), entry.getValue()));
    }
}
