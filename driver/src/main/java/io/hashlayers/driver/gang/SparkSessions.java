package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/** Sessions with all settings that our jobs need, also under a plain {@code spark-submit}. */
public final class SparkSessions {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    /** A busy YARN or Kubernetes takes its time; an unreachable one must not take for ever. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(5);

    private SparkSessions() {}

    /**
     * Starts a session on the master that {@code spark-submit} or the JVM's {@code spark.*} properties name, or on
     * {@code local[*]}.
     *
     * @throws TrainingException of kind {@code RESOURCES} that names the master if Spark does not start there; {@code USER}
     *     if its name is none
     */
    public static SparkSession create(String appName) {
        return create(new SparkConf().setIfMissing("spark.app.name", appName));
    }

    /** Whether a session would have its ranks in this JVM. */
    public static boolean ranksInThisJvm() {
        return SparkSettings.local(SparkSettings.complete(new SparkConf()));
    }

    /** The same with other settings; what our jobs need is added to them. */
    public static SparkSession create(SparkConf settings) {
        SparkConf conf = SparkSettings.complete(settings);
        String master = conf.get("spark.master");
        TransportState.require(conf);
        MasterProbe.requireReachable(master, CONNECT_TIMEOUT);
        FutureTask<SparkSession> start =
                new FutureTask<>(() -> SparkSession.builder().config(conf).getOrCreate());
        Thread thread = new Thread(start, "hashlayers-session");
        thread.setDaemon(true);
        thread.start();
        SparkSession session = await(start, master);
        if (session.sparkContext().isStopped()) {
            throw refused(master, "the application was ended at once", null);
        }
        return session;
    }

    private static SparkSession await(FutureTask<SparkSession> start, String master) {
        try {
            return start.get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw refused(master, "no answer within " + START_TIMEOUT.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refused(master, "interrupted", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String message = String.valueOf(cause.getMessage());
            if (message.contains("Could not parse Master URL")) {
                throw new TrainingException(
                        Failure.USER,
                        "'" + master
                                + "' is not the name of a Spark master; write local[N], spark://HOST:PORT, yarn or k8s://URL",
                        cause);
            }
            throw refused(master, message, cause);
        }
    }

    private static TrainingException refused(String master, String why, @Nullable Throwable cause) {
        String message = "Spark did not start on " + master + ": "
                + why.lines().findFirst().orElse("") + "; check that master, or give another --master";
        return cause == null
                ? new TrainingException(Failure.RESOURCES, message)
                : new TrainingException(Failure.RESOURCES, message, cause);
    }
}
