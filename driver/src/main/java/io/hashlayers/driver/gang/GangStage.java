package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Runs a program on all ranks: one barrier stage, one task for each rank, from the first to the last step. Supervises it and
 * turns whatever happens into the program's result or the first real failure.
 */
final class GangStage {
    private static final long POLL_MILLIS = 200;
    /** Beyond the time that the ranks have to meet: launching tasks, loading classes. */
    private static final Duration LAUNCH = Duration.ofSeconds(60);
    /** The cause of a failure may be heard of later than its consequences. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final SparkSession spark;
    private final int worldSize;
    private final RankInbox inbox;
    private final RunReporter reporter;
    private final LostExecutors lostExecutors;
    private final String run = UUID.randomUUID().toString();
    private @Nullable GangFailure first;
    private int wantedRanks;
    private long lastStep;
    private long lastSaved; // step of the checkpoint that was seen last

    GangStage(SparkSession spark, int worldSize, RunReporter reporter) {
        this.spark = spark;
        this.worldSize = worldSize;
        this.reporter = reporter;
        this.inbox = new RankInbox(reporter);
        this.lostExecutors = new LostExecutors(inbox.living());
    }

    /**
     * Runs the program.
     *
     * @param type of its result
     * @return the result of rank 0, after the reporter has heard of everything before it
     * @throws TrainingException the first real failure
     */
    <R> R run(RankProgram program, Class<R> type) {
        DriverMailbox.open(run, inbox);
        spark.sparkContext().addSparkListener(lostExecutors);
        try {
            supervise(submit(program), program);
            return inbox.result()
                    .map(type::cast)
                    .orElseThrow(() -> new TrainingException(
                            Failure.BUG, "the ranks ended without a result; please report this with the log"));
        } catch (RuntimeException e) {
            new Clearing(spark.sparkContext(), inbox.living()).clear(program.longestSilence());
            if (e instanceof TrainingException failure) {
                tellBroken(failure);
            }
            throw e;
        } finally {
            spark.sparkContext().removeSparkListener(lostExecutors);
            DriverMailbox.close(run);
        }
    }

    /** A folder that cannot be written does not take the place of the failure itself. */
    private void tellBroken(TrainingException failure) {
        try {
            reporter.broke(first == null ? new Verdict(inbox, Optional.empty()).unknown(failure) : first);
        } catch (TrainingException unwritten) {
            failure.addSuppressed(unwritten);
        }
    }

    /**
     * Lets the gang end behind a checkpoint when there is room for more ranks.
     *
     * @param ranks that there shall be room for
     * @param endsWith step whose checkpoint is the last, so that it changes nothing
     */
    void endForMoreRanks(int ranks, long endsWith) {
        wantedRanks = ranks;
        lastStep = endsWith;
    }

    /** Whether the ranks have met, so that steps may have been done. */
    boolean met() {
        return !inbox.ranks().isEmpty();
    }

    /** Bytes that were resident at most in each process, once the program has run; empty where that is not known. */
    List<Long> peakBytes() {
        return inbox.peakBytes();
    }

    private JavaFutureAction<Void> submit(RankProgram program) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        RankTask task = new RankTask(
                run,
                LivingRanks.interval(program.longestSilence()),
                program,
                new SerializableConfiguration(context.hadoopConfiguration()));
        ClassTag<Integer> integers = ClassTag$.MODULE$.apply(Integer.class);
        RDD<Integer> ranks = context.parallelize(
                        IntStream.range(0, worldSize).boxed().toList(), worldSize)
                .rdd()
                .barrier()
                .mapPartitions(task, false, integers);
        context.setJobGroup(run, worldSize + " ranks", true);
        try {
            return JavaRDD.fromRDD(ranks, integers).foreachPartitionAsync(done -> {});
        } finally {
            context.clearJobGroup();
        }
    }

    private void supervise(JavaFutureAction<Void> job, RankProgram program) {
        Duration meet = Duration.ofSeconds(
                        spark.sparkContext().conf().getTimeAsSeconds("spark.barrier.sync.timeout", "120s"))
                .plus(LAUNCH);
        var watch = new GangWatch(inbox, worldSize, meet, program.timeout(), program.longestSilence());
        boolean running = true;
        while (running) {
            try {
                job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                running = false;
            } catch (TimeoutException e) {
                stop(job, watch);
            } catch (InterruptedException e) {
                job.cancel(true);
                Thread.currentThread().interrupt();
                throw new TrainingException(Failure.PEER_LOST, "the run was interrupted", e);
            } catch (ExecutionException | CancellationException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw broken(verdict(cause), cause);
            }
        }
        inbox.reporterFailure().ifPresent(GangStage::rethrow);
    }

    private static void rethrow(RuntimeException failure) {
        throw failure;
    }

    private void stop(JavaFutureAction<Void> job, GangWatch watch) {
        watch.reasonToStop().ifPresent(reason -> {
            job.cancel(true);
            throw reason;
        });
        watch.hung().ifPresent(failure -> {
            job.cancel(true);
            throw broken(failure, new TimeoutException("no heartbeat"));
        });
        if (wantedRanks > worldSize) {
            endIfThereIsRoom(job);
        }
    }

    private void endIfThereIsRoom(JavaFutureAction<Void> job) {
        long saved = inbox.lastSaved();
        if (saved > lastSaved && saved < lastStep && SparkInternals.slots(spark.sparkContext()) >= wantedRanks) {
            job.cancel(true);
            throw new MoreRanks(wantedRanks);
        }
        lastSaved = saved;
    }

    private TrainingException broken(GangFailure failure, Throwable cause) {
        first = failure;
        return new TrainingException(failure.kind(), failure.cause(), cause);
    }

    private GangFailure verdict(Throwable jobFailure) {
        long deadline = System.nanoTime() + GRACE.toNanos();
        Verdict verdict = new Verdict(inbox, lostExecutors.first());
        while (!verdict.certain() && System.nanoTime() < deadline) {
            if (spark.sparkContext().isStopped()) {
                break;
            }
            SparkInternals.drainListeners(spark.sparkContext(), Duration.ofMillis(POLL_MILLIS));
            sleep();
            verdict = new Verdict(inbox, lostExecutors.first());
        }
        return verdict.failure(jobFailure);
    }

    private static void sleep() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
