package io.hashlayers.driver.gang;

import com.sun.management.OperatingSystemMXBean;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.lang.management.ManagementFactory;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;

/**
 * Compares what the ranks of one machine need off the heap with what it grants: the container's overhead on YARN and
 * Kubernetes, the machine's memory in local modes. A standalone worker sets no limit that could be read here.
 */
final class MemoryCheck {
    private static final double DEFAULT_OVERHEAD_FACTOR = 0.1;
    private static final long DEFAULT_OVERHEAD_MIB = 384;

    private MemoryCheck() {}

    /**
     * Refuses a run that would be killed for its memory.
     *
     * @throws TrainingException of kind {@code RESOURCES}
     */
    static void require(SparkConf conf, MemoryEstimate estimate, int worldSize) {
        String master = conf.get("spark.master", "");
        if (master.startsWith("local")) {
            requireMachine(estimate, worldSize, machineBytes());
        } else if (master.startsWith("yarn") || master.startsWith("k8s")) {
            requireOverhead(conf, estimate, worldSize);
        }
    }

    static void requireMachine(MemoryEstimate estimate, int worldSize, long machineBytes) {
        long needed = estimate.totalBytes() * worldSize;
        if (needed > machineBytes) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "%d ranks on this machine need about %d MiB beside the heap, and it has %d MiB in all; lower train.batch-sequences or the model's size, or use more machines"
                            .formatted(worldSize, mebibytes(needed), mebibytes(machineBytes)));
        }
    }

    static void requireOverhead(SparkConf conf, MemoryEstimate estimate, int worldSize) {
        int perExecutor = Math.max(1, conf.getInt("spark.executor.cores", 1) / conf.getInt("spark.task.cpus", 1));
        int ranks = Math.min(worldSize, perExecutor);
        long needed = mebibytes(estimate.totalBytes() * ranks);
        long granted = overheadMebibytes(conf);
        if (needed > granted) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "an executor with %d ranks needs about %d MiB beside its heap, and its container grants %d MiB; set spark.executor.memoryOverhead to %dm or more"
                            .formatted(ranks, needed, granted, needed));
        }
    }

    private static long overheadMebibytes(SparkConf conf) {
        String overhead = conf.get("spark.executor.memoryOverhead", "");
        if (!overhead.isEmpty()) {
            return JavaUtils.byteStringAsMb(overhead);
        }
        double factor = conf.getDouble("spark.executor.memoryOverheadFactor", DEFAULT_OVERHEAD_FACTOR);
        long heap = JavaUtils.byteStringAsMb(conf.get("spark.executor.memory", "1g"));
        return Math.max(DEFAULT_OVERHEAD_MIB, (long) (factor * heap));
    }

    private static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    private static long mebibytes(long bytes) {
        return (bytes + (1 << 20) - 1) >> 20;
    }
}
