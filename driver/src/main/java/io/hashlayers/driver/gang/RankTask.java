package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RankActivity;
import java.io.Serializable;
import java.time.Duration;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * A rank as Spark runs it: a task of the one barrier stage. Meets the others, runs its program and tells how it ended; of a
 * failure the driver hears first and in full, then the other ranks, then Spark.
 */
final class RankTask extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>> implements Serializable {
    private static final Logger log = LoggerFactory.getLogger(RankTask.class);
    private static final long serialVersionUID = 1L;
    /** The driver may hang; the other ranks wait for this one until then. */
    private static final Duration TELL = Duration.ofSeconds(10);

    private final String run;
    private final Duration heartbeat;
    private final RankProgram program;
    private final SerializableConfiguration hadoop;

    /**
     * @param run the inbox in the driver
     * @param heartbeat how often the driver is told that the rank lives
     */
    RankTask(String run, Duration heartbeat, RankProgram program, SerializableConfiguration hadoop) {
        this.run = run;
        this.heartbeat = heartbeat;
        this.program = program;
        this.hadoop = hadoop;
    }

    @Override
    public Iterator<Integer> apply(Iterator<Integer> rank) {
        BarrierTaskContext task = BarrierTaskContext.get();
        String executor = SparkEnv.get().executorId();
        try (Heartbeat.Member alive = Heartbeat.of(run, task.partitionId(), executor, heartbeat)) {
            run(task, alive);
            return rank;
        }
    }

    private void run(BarrierTaskContext task, Heartbeat.Member alive) {
        try {
            meetAndRun(task, alive);
        } catch (RuntimeException | Error e) {
            // Of what failed before and after the program; of the program's own failure it keeps the first report.
            tellDriver(task, alive.step(), e);
            throw e;
        }
    }

    private void meetAndRun(BarrierTaskContext task, Heartbeat.Member alive) {
        Device.assign(task.resourcesJMap());
        try (Rendezvous rendezvous = new Rendezvous(run, task, program.kernels(), program.timeout())) {
            Collective collective = rendezvous.collective();
            collective.activity().begins(RankActivity.Phase.RUNNING, 0);
            alive.doing(collective.activity());
            log.debug("rank={} of {} met the others", collective.rank(), collective.worldSize());
            try {
                runProgram(rendezvous);
            } catch (RuntimeException | Error e) {
                // The driver first: once the others know they end too, and Spark kills this task for it.
                tellDriver(task, alive.step(), e);
                collective.abort(e);
                throw e;
            }
        }
    }

    private void runProgram(Rendezvous rendezvous) {
        Collective collective = rendezvous.collective();
        RankPosts posts = new RankPosts(run);
        if (collective.rank() == 0) {
            posts.met(rendezvous.ranks());
        }
        Serializable result = program.run(collective, hadoop.value(), posts);
        log.debug("rank={} came to its end", collective.rank());
        posts.resident(SparkEnv.get().executorId());
        if (collective.rank() == 0) {
            posts.finished(result);
        }
    }

    /** Returns when the driver has heard, or after {@link #TELL}; never throws, for the other ranks must hear too. */
    private void tellDriver(BarrierTaskContext task, long step, Throwable cause) {
        if (task.isInterrupted()) {
            return; // what a killed task throws is a consequence, not a cause
        }
        try {
            RankFailure failure = RankFailure.of(
                            task.partitionId(),
                            SparkInternals.executorHost(),
                            SparkEnv.get().executorId(),
                            step,
                            cause,
                            ExecutorMailbox.lastLogLines())
                    .without(ExecutorMailbox.redaction());
            Thread telling = new Thread(() -> deliver(failure), "failure-of-rank-" + task.partitionId());
            telling.setDaemon(true);
            telling.start();
            telling.join(TELL.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            log.warn("rank={} cannot tell the driver why it failed", task.partitionId(), e);
        }
    }

    private void deliver(RankFailure failure) {
        try {
            ExecutorMailbox.deliver(new RankMessage(run, new RankMessage.Failed(failure)));
        } catch (TrainingException e) {
            log.warn("rank={} cannot tell the driver why it failed", failure.rank(), e); // the driver is gone
        }
    }
}
