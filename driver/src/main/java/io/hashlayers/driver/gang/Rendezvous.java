package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.KernelsFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;

/**
 * How a rank meets the others: each says once, through Spark's barrier, where it listens; from then on they talk over
 * collectives alone.
 */
final class Rendezvous implements AutoCloseable {
    private final SharedEndpoint shared;
    private final List<Introduction> ranks;
    private final Collective collective;

    /**
     * Meets the others; all ranks call it.
     *
     * @param run names the run in this JVM
     * @param kernels name of the kernels that this rank computes with
     * @param timeout longest wait in any collective operation later on
     * @throws TrainingException of kind {@code PEER_LOST} if not all come, by Spark's {@code spark.barrier.sync.timeout}
     */
    Rendezvous(String run, BarrierTaskContext task, String kernels, Duration timeout) {
        shared = SharedEndpoint.open(run);
        try {
            Introduction mine = new Introduction(
                    shared.endpoint().address(),
                    SparkInternals.executorHost(),
                    SparkEnv.get().executorId(),
                    KernelsFactory.named(kernels).description());
            ranks = Arrays.stream(gather(task, mine.toJson()))
                    .map(Introduction::fromJson)
                    .toList();
            List<String> addresses = ranks.stream().map(Introduction::address).toList();
            collective = shared.endpoint().join(task.partitionId(), addresses, timeout);
        } catch (RuntimeException e) {
            shared.close();
            throw e;
        }
    }

    private static String[] gather(BarrierTaskContext task, String mine) {
        try {
            return task.allGather(mine);
        } catch (Exception e) { // Scala declares none, and throws a SparkException
            throw new TrainingException(
                    Failure.PEER_LOST,
                    "not all ranks came to meet: " + e.getMessage()
                            + "; see the executors' logs, or raise spark.barrier.sync.timeout",
                    e);
        }
    }

    /** All ranks that met, by rank. */
    List<Introduction> ranks() {
        return ranks;
    }

    /** This rank's way to the others. */
    Collective collective() {
        return collective;
    }

    @Override
    public void close() {
        try {
            collective.close();
        } finally {
            shared.close();
        }
    }
}
