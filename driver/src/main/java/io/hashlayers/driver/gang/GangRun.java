package io.hashlayers.driver.gang;

import org.apache.spark.sql.SparkSession;

/** Runs any program on the ranks of a cluster, as {@link TrainingRun} runs a training. */
public final class GangRun {
    private GangRun() {}

    /**
     * Runs a program.
     *
     * @param ranks {@code W}, or 0 for as many as the cluster has slots and the batch allows
     * @param shares what the ranks share evenly
     * @param type of the program's result
     * @return the result of rank 0
     * @throws io.hashlayers.sharding.TrainingException the first real failure
     */
    public static <R> R run(
            SparkSession spark,
            int ranks,
            BatchShares shares,
            RankProgram program,
            Class<R> type,
            RunReporter reporter) {
        Preflight.requireSettings(spark.sparkContext().conf());
        int worldSize = Preflight.ranks(spark, ranks, shares, reporter);
        return new GangStage(spark, worldSize, reporter).run(program, type);
    }
}
