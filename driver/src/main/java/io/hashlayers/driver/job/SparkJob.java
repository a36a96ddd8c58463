package io.hashlayers.driver.job;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;

/**
 * Runs jobs of Spark, which by itself would wait for ever for executors that do not come. That of one which hangs, Spark itself
 * gives to another after {@code spark.network.timeout}.
 */
public final class SparkJob {
    /** How long a cluster has to bring executors, by Spark's own key. */
    public static final String REGISTRATION_KEY = "spark.scheduler.maxRegisteredResourcesWaitingTime";

    private static final Duration POLL = Duration.ofMillis(500);

    private final SparkContext spark;
    private final String what;
    private final String group = UUID.randomUUID().toString();
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile boolean deserted;

    private SparkJob(SparkContext spark, String what) {
        this.spark = spark;
        this.what = what;
    }

    /**
     * Runs jobs on the calling thread.
     *
     * @param what they do, for messages, such as {@code "counting the traffic"}
     * @throws TrainingException what a task threw; of kind {@code RESOURCES} if for too long there was no executor; else {@code
     *     BUG} with Spark's own reason
     */
    public static <T> T run(SparkContext spark, String what, Callable<T> jobs) {
        return new SparkJob(spark, what).run(jobs);
    }

    private <T> T run(Callable<T> jobs) {
        spark.setJobGroup(group, what, false);
        if (!spark.isLocal()) {
            Thread watch = new Thread(this::watch, "hashlayers-job-watch");
            watch.setDaemon(true);
            watch.start();
        }
        try {
            return jobs.call();
        } catch (Exception e) {
            throw deserted ? noExecutor(e) : JobFailures.translate(what, e);
        } finally {
            over.countDown();
            spark.clearJobGroup();
        }
    }

    private Duration longest() {
        return Duration.ofMillis(spark.conf().getTimeAsMs(REGISTRATION_KEY, "60s"));
    }

    private void watch() {
        long since = System.nanoTime();
        try {
            while (!over.await(POLL.toMillis(), TimeUnit.MILLISECONDS) && !spark.isStopped()) {
                boolean driverAlone = spark.statusTracker().getExecutorInfos().length <= 1;
                if (!driverAlone) {
                    since = System.nanoTime();
                } else if (System.nanoTime() - since > longest().toNanos()) {
                    deserted = true;
                    spark.cancelJobGroup(group); // again and again: there may be several jobs
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private TrainingException noExecutor(Exception cause) {
        return new TrainingException(
                Failure.RESOURCES,
                "%s: no executor was there for %d s; see that the cluster has free cores and memory for one (spark.executor.cores, spark.executor.memory), or raise %s"
                        .formatted(what, longest().toSeconds(), REGISTRATION_KEY),
                cause);
    }
}
