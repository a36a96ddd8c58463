package io.hashlayers.driver.gang;

import com.sun.management.OperatingSystemMXBean;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;

/**
 * Compares what the processes of one machine need with what it grants: beside the heap the container's overhead on YARN and
 * Kubernetes, in all the machine's memory in local modes. A standalone worker sets no limit that could be read here.
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
    static void require(SparkConf conf, MemoryPlan plan, int worldSize) {
        excess(conf, plan, worldSize).ifPresent(MemoryCheck::refuse);
    }

    /** Whether a run would not be killed for its memory. */
    static boolean fits(SparkConf conf, MemoryPlan plan, int worldSize) {
        return excess(conf, plan, worldSize).isEmpty();
    }

    private static Optional<String> excess(SparkConf conf, MemoryPlan plan, int worldSize) {
        String master = conf.get("spark.master", "");
        if (master.startsWith("local")) {
            return ofMachine(plan, worldSize, machineBytes());
        }
        return master.startsWith("yarn") || master.startsWith("k8s") ? ofOverhead(conf, plan) : Optional.empty();
    }

    private static void refuse(String message) {
        throw new TrainingException(Failure.RESOURCES, message);
    }

    /** What a machine of so much memory lacks. */
    static Optional<String> ofMachine(MemoryPlan plan, int worldSize, long machineBytes) {
        int ranks = plan.process().ranks();
        long needed = plan.totalBytes() * ((worldSize + ranks - 1) / ranks);
        return needed <= machineBytes
                ? Optional.empty()
                : Optional.of(
                        "%d ranks on this machine need about %d MiB, and it has %d MiB in all; raise train.accumulate-batches, set train.recompute-activations to true, lower the model's size or use more machines"
                                .formatted(worldSize, mebibytes(needed), mebibytes(machineBytes)));
    }

    private static Optional<String> ofOverhead(SparkConf conf, MemoryPlan plan) {
        long needed = mebibytes(plan.besideHeapBytes());
        long granted = overheadMebibytes(conf);
        return needed <= granted
                ? Optional.empty()
                : Optional.of(
                        "an executor with %d ranks needs about %d MiB beside its heap, and its container grants %d MiB; set spark.executor.memoryOverhead to %dm or more"
                                .formatted(plan.process().ranks(), needed, granted, needed));
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
