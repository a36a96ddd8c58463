package io.hashlayers.driver.gang;

import java.time.Duration;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that a gang that was stopped leaves its slots and its memory: its ranks end by themselves, or their executor is
 * replaced.
 */
final class Clearing {
    private static final Logger log = LoggerFactory.getLogger(Clearing.class);
    private static final Duration POLL = Duration.ofMillis(50);
    /** A rank ends within milliseconds, but for one that says good-bye to a peer that does not listen, or is in storage. */
    private static final Duration LEAVE = Duration.ofSeconds(15);

    private final SparkContext spark;
    private final LivingRanks living;

    Clearing(SparkContext spark, LivingRanks living) {
        this.spark = spark;
        this.living = living;
    }

    /** Returns when no rank is left, or the executors of those that are have been replaced. */
    void clear(Duration longestSilence) {
        living.silentFor(longestSilence).stream().map(Silence::executor).forEach(this::replace); // told as the failure
        long deadline = System.nanoTime() + LEAVE.toNanos();
        while (!living.executors().isEmpty() && System.nanoTime() < deadline && !spark.isStopped()) {
            try {
                Thread.sleep(POLL.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return; // the application ends, and its executors with it
            }
        }
        for (String executor : living.executors()) {
            log.warn("the ranks of executor {} do not end within {} s; it is replaced", executor, LEAVE.toSeconds());
            replace(executor);
        }
    }

    private void replace(String executor) {
        if (!spark.isStopped()) {
            SparkInternals.replaceExecutor(spark, executor);
        }
        living.forget(executor);
    }
}
