package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.Collective;
import java.io.Serializable;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * A rank as Spark runs it: a task of the one barrier stage. Meets the others, runs its program and tells the driver how it
 * ended; the driver hears of a failure before Spark does, and in full.
 */
final class RankTask extends AbstractFunction1<Iterator<Integer>, Iterator<Integer>> implements Serializable {
    private static final Logger log = LoggerFactory.getLogger(RankTask.class);
    private static final long serialVersionUID = 1L;

    private final String run;
    private final RankProgram program;
    private final SerializableConfiguration hadoop;

    /**
     * @param run the inbox in the driver
     */
    RankTask(String run, RankProgram program, SerializableConfiguration hadoop) {
        this.run = run;
        this.program = program;
        this.hadoop = hadoop;
    }

    @Override
    public Iterator<Integer> apply(Iterator<Integer> rank) {
        BarrierTaskContext task = BarrierTaskContext.get();
        try {
            runRank(task);
            return rank;
        } catch (RuntimeException | Error e) {
            if (!task.isInterrupted()) { // what a killed task throws is a consequence, not a cause
                tell(task.partitionId(), e);
            }
            throw e;
        }
    }

    private void runRank(BarrierTaskContext task) {
        Device.assign(task.resourcesJMap());
        try (Rendezvous rendezvous = new Rendezvous(run, task, program.kernels(), program.timeout())) {
            Collective collective = rendezvous.collective();
            log.debug("rank={} of {} met the others", collective.rank(), collective.worldSize());
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
    }

    private void tell(int rank, Throwable cause) {
        try {
            RankFailure failure = RankFailure.of(
                    rank, SparkInternals.executorHost(), SparkEnv.get().executorId(), cause);
            ExecutorMailbox.deliver(new RankMessage(run, new RankMessage.Failed(failure)));
        } catch (RuntimeException e) {
            cause.addSuppressed(e); // the driver is gone; Spark logs what is left
        }
    }
}
