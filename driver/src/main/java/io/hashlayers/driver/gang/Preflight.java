package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must hold before ranks are started: settings that a gang cannot live with, and as many slots as ranks. Each check
 * ends with one sentence that says what to change.
 */
public final class Preflight {
    private static final Logger log = LoggerFactory.getLogger(Preflight.class);

    private Preflight() {}

    /**
     * Refuses settings under which a barrier stage cannot run.
     *
     * @throws TrainingException of kind {@code RESOURCES} or {@code USER}
     */
    static void requireSettings(SparkConf conf) {
        requireNoDynamicAllocation(conf);
        requirePlugin(conf);
        requireTaskResources(conf);
        TransportState.require(conf);
        if (conf.getBoolean("spark.speculation", false)) {
            log.warn("spark.speculation is on; Spark does not speculate on ranks, so it changes nothing here");
        }
    }

    private static void requireNoDynamicAllocation(SparkConf conf) {
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "spark.dynamicAllocation.enabled is true, and Spark may then take executors away from the ranks; set it to false and say how many executors there shall be (spark.executor.instances or spark.cores.max)");
        }
    }

    private static void requirePlugin(SparkConf conf) {
        if (!conf.get("spark.plugins", "").contains(HashlayersPlugin.class.getName())) {
            throw new TrainingException(
                    Failure.USER,
                    "spark.plugins lacks " + HashlayersPlugin.class.getName()
                            + "; add it, or let hashlayers start the Spark session");
        }
    }

    private static void requireTaskResources(SparkConf conf) {
        int taskCpus = conf.getInt("spark.task.cpus", 1);
        int executorCores = conf.getInt("spark.executor.cores", taskCpus);
        if (executorCores < taskCpus) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "spark.task.cpus is %d, more than the %d of spark.executor.cores, so no rank fits an executor; lower the first or raise the second"
                            .formatted(taskCpus, executorCores));
        }
        double taskGpus = conf.getDouble("spark.task.resource.gpu.amount", 0);
        if (taskGpus > 0 && taskGpus != 1) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "spark.task.resource.gpu.amount is %s, but a rank uses one whole GPU; set it to 1"
                            .formatted(taskGpus));
        }
    }

    /**
     * Decides how many ranks there will be and waits until the cluster can hold them.
     *
     * @param asked number of ranks, or 0 for as many as the cluster has slots and the batch can be shared by
     * @param reporter hears if slots stay free
     * @throws TrainingException of kind {@code USER} if the ranks cannot share the batch evenly; {@code RESOURCES} if the
     *     slots do not come in time
     */
    static int ranks(SparkSession spark, int asked, BatchShares shares, RunReporter reporter) {
        Slots slots = Slots.of(spark.sparkContext());
        if (asked == 0) {
            int there = slots.awaitAny();
            int ranks = shares.most(there);
            if (ranks < there) {
                reporter.note("ranks     %d of the %d slots, since %s, which more ranks cannot share evenly"
                        .formatted(ranks, there, shares.settings()));
            }
            return ranks;
        }
        shares.require(asked);
        slots.await(asked);
        return asked;
    }

    /**
     * Decides how many ranks a run goes on with, which may be fewer than were asked for.
     *
     * @param least fewest of them, 1 or more
     * @throws TrainingException as {@link #ranks(SparkSession, int, BatchShares, RunReporter)} does
     */
    static int ranks(Slots slots, int asked, int least, BatchShares shares) {
        shares.require(asked);
        int came = slots.awaitUpTo(asked);
        int ranks = came == 0 ? 0 : shares.most(Math.min(asked, came));
        if (ranks < least) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "%d ranks asked for, %d slots came in time, and train.least-ranks is %d; give Spark more cores, or lower it"
                            .formatted(asked, came, least));
        }
        return ranks;
    }

    /**
     * Ranks on so many slots, which are not waited for.
     *
     * @param asked as in {@link #ranks}
     * @throws TrainingException of kind {@code USER} if the ranks cannot share the batch evenly
     */
    public static int ranksOn(int slots, int asked, BatchShares shares) {
        if (asked == 0) {
            return shares.most(slots);
        }
        shares.require(asked);
        return asked;
    }
}
