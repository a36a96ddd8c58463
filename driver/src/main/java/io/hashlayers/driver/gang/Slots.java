package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/** Tasks that a cluster can run at once. Executors of a cluster register one after another, so it may have to be waited for. */
public final class Slots {
    private static final long POLL_MILLIS = 100;
    /** Where nothing tells how many executors to expect: as long without a new one, and these are all. */
    private static final Duration SETTLED = Duration.ofSeconds(3);

    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,.*");

    private final IntSupplier slots;
    private final BooleanSupplier stopped;
    private final int expected;
    private final Duration timeout;

    /**
     * @param slots that there are now
     * @param stopped whether the application is over
     * @param expected slots that the settings promise, 0 if they do not say
     * @param timeout longest wait
     */
    Slots(IntSupplier slots, BooleanSupplier stopped, int expected, Duration timeout) {
        this.slots = slots;
        this.stopped = stopped;
        this.expected = expected;
        this.timeout = timeout;
    }

    /** The slots of a running application. */
    public static Slots of(SparkContext spark) {
        IntSupplier now = () -> spark.isStopped() ? 0 : SparkInternals.slots(spark);
        int expected = spark.isLocal() ? now.getAsInt() : expected(spark.conf());
        return new Slots(
                now,
                spark::isStopped,
                expected,
                Duration.ofMillis(spark.conf().getTimeAsMs(SparkJob.REGISTRATION_KEY, "60s")));
    }

    /** Slots that there are now, without waiting for any. */
    int now() {
        return slots.getAsInt();
    }

    /** Slots that the settings promise, 0 if they do not say. */
    static int expected(SparkConf conf) {
        int taskCpus = conf.getInt("spark.task.cpus", 1);
        Matcher cluster = LOCAL_CLUSTER.matcher(conf.get("spark.master", ""));
        if (cluster.matches()) {
            return Integer.parseInt(cluster.group(1)) * (Integer.parseInt(cluster.group(2)) / taskCpus);
        }
        int executors = conf.getInt("spark.executor.instances", 0);
        int cores = conf.getInt("spark.executor.cores", 0);
        if (executors > 0 && cores > 0) {
            return executors * (cores / taskCpus);
        }
        return conf.getInt("spark.cores.max", 0) / taskCpus;
    }

    /**
     * Waits until {@code ranks} tasks can run at once.
     *
     * @throws TrainingException of kind {@code RESOURCES} if they cannot in time
     */
    void await(int ranks) {
        long start = System.nanoTime();
        int came = poll(now -> now >= ranks);
        if (came < ranks) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "%d ranks asked for, %d slots came within %d s; ask for fewer ranks (train.ranks, bench.ranks, --ranks) or give Spark more cores (spark.cores.max, --master local[N])"
                            .formatted(ranks, came, secondsSince(start)));
        }
    }

    /** Waits until so many tasks can run at once, or the time is over; returns how many can, which may be more. */
    int awaitUpTo(int ranks) {
        return poll(now -> now >= ranks);
    }

    /**
     * Waits until anything can run.
     *
     * @throws TrainingException of kind {@code RESOURCES} if nothing can in time
     */
    void awaitOne() {
        requireAny(poll(now -> now > 0));
    }

    /**
     * Waits until the expected slots are there or, where none are expected, until no more come; returns what there is.
     *
     * @throws TrainingException of kind {@code RESOURCES} if there are none in time
     */
    public int awaitAny() {
        Settling settling = new Settling();
        return requireAny(poll(now -> expected == 0 && settling.done(now)));
    }

    private int requireAny(int came) {
        if (came == 0) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "no slot came within %d s; see that the cluster has free cores and memory for an executor (spark.executor.cores, spark.executor.memory)"
                            .formatted(timeout.toSeconds()));
        }
        return came;
    }

    private static long secondsSince(long start) {
        return (System.nanoTime() - start + 999_999_999) / 1_000_000_000;
    }

    private interface Enough {
        boolean enough(int slots);
    }

    private int poll(Enough enough) {
        long deadline = System.nanoTime() + timeout.toNanos();
        int now = slots.getAsInt();
        while (!enough.enough(now) && !allCame(now) && System.nanoTime() < deadline && !stopped.getAsBoolean()) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TrainingException(Failure.RESOURCES, "interrupted while waiting for executors", e);
            }
            now = slots.getAsInt();
        }
        if (stopped.getAsBoolean()) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "Spark ended the application while it waited for executors; see the master's log for the reason");
        }
        return now;
    }

    /** Whether all are there that the settings promise, so that waiting for more is in vain. */
    private boolean allCame(int now) {
        return expected > 0 && now >= expected;
    }

    /** Notices that the number of slots has stopped growing. */
    private static final class Settling {
        private int slots;
        private long since = System.nanoTime();

        boolean done(int now) {
            if (now != slots) {
                slots = now;
                since = System.nanoTime();
            }
            return now > 0 && System.nanoTime() - since > SETTLED.toNanos();
        }
    }
}
