package io.hashlayers.driver.gang;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.network.util.JavaUtils;

/**
 * The JVM that ranks run in, but for their tensors.
 *
 * <p>What it holds was measured, see docs/memory.md; it hardly depends on the model, for a step allocates nothing on the heap.
 *
 * @param ranks most ranks that share it
 * @param driver whether it is the driver's too, as with a local master
 * @param heapLimitBytes {@code -Xmx}
 */
public record RankProcess(int ranks, boolean driver, long heapLimitBytes) implements Serializable {
    private static final long MIB = 1 << 20;

    /** The young generation is filled to its end, whatever is in it. */
    private static final long YOUNG = SparkSettings.YOUNG_MIB * MIB;
    /** What stays on the heap, with the little that is promoted too early. */
    private static final long OLD_OF_DRIVER = 60 * MIB;

    private static final long OLD_OF_EXECUTOR = 40 * MIB;
    /** Classes, compiled code, threads, symbols, libraries, buffers of Spark, compiled products. */
    private static final long BASE_OF_DRIVER = 300 * MIB;

    private static final long BASE_OF_EXECUTOR = 250 * MIB;

    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*\\d+\\s*,\\s*(\\d+)\\s*,.*");

    /** The fullest process of a run whose executors are there. */
    static RankProcess of(SparkContext spark, int worldSize) {
        SparkConf conf = spark.conf();
        if (spark.isLocal()) {
            return new RankProcess(worldSize, true, Runtime.getRuntime().maxMemory());
        }
        int cores = executorCores(conf);
        int slots = Math.max(
                1,
                (cores > 0 ? cores : SparkInternals.mostCoresOfAnExecutor(spark)) / conf.getInt("spark.task.cpus", 1));
        return new RankProcess(Math.min(worldSize, slots), false, executorHeap(conf));
    }

    /** As {@link #of} where the ranks fit this master; else one rank in an executor of a cluster that is not there. */
    static RankProcess planned(SparkContext spark, int worldSize) {
        return worldSize <= SparkInternals.slots(spark)
                ? of(spark, worldSize)
                : new RankProcess(1, false, executorHeap(spark.conf()));
    }

    /** What the heap grows to. */
    public long heapBytes() {
        return Math.min(heapLimitBytes, YOUNG + (driver ? OLD_OF_DRIVER : OLD_OF_EXECUTOR));
    }

    /** What the JVM and its libraries take beside the heap. */
    public long baseBytes() {
        return driver ? BASE_OF_DRIVER : BASE_OF_EXECUTOR;
    }

    /** Cores of an executor by the settings, 0 if they do not say. */
    private static int executorCores(SparkConf conf) {
        String master = conf.get("spark.master", "");
        Matcher cluster = LOCAL_CLUSTER.matcher(master);
        if (cluster.matches()) {
            return Integer.parseInt(cluster.group(1));
        }
        boolean oneByDefault = master.startsWith("yarn") || master.startsWith("k8s");
        return conf.getInt("spark.executor.cores", oneByDefault ? 1 : 0);
    }

    private static long executorHeap(SparkConf conf) {
        return JavaUtils.byteStringAsMb(conf.get("spark.executor.memory", "1g")) * MIB;
    }
}
