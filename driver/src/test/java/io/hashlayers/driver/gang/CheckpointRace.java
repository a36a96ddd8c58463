package io.hashlayers.driver.gang;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Times the same steps of two ranks without checkpoints, with ones that they wait for and with ones in the background, in turn, and prints what a
 * checkpoint costs. Not a test, since figures are the machine's.
 */
final class CheckpointRace {
    private static final int STEPS = 260;
    private static final int EVERY = 100;
    private static final int FIRST = 50; // step after which the clock starts
    private static final int LAST = 250; // and ends: two checkpoints lie between

    private CheckpointRace() {}

    /** Notes when the driver hears of the steps. */
    private static final class Clock extends Recorder {
        private final long[] heard = new long[STEPS + 1];

        @Override
        public synchronized void step(StepMetrics metrics) {
            heard[(int) metrics.step()] = System.nanoTime();
        }

        synchronized double seconds() {
            return (heard[LAST] - heard[FIRST]) * 1e-9;
        }
    }

    /**
     * Prints times and ratios.
     *
     * @param arguments file of settings, folder of the dataset, folder for runs, rounds
     */
    public static void main(String[] arguments) {
        int rounds = Integer.parseInt(arguments[3]);
        double[][] seconds = new double[3][rounds];
        try (SparkSession spark = LocalSpark.start(2)) {
            for (int round = -1; round < rounds; round++) { // the first one warms up
                for (int mode = 0; mode < seconds.length; mode++) {
                    double took = run(spark, arguments, mode);
                    if (round >= 0) {
                        seconds[mode][round] = took;
                    }
                }
            }
        }
        String[] names = {"none", "steps wait", "background"};
        for (int mode = 0; mode < names.length; mode++) {
            double[] cost = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                cost[round] = 100 * (seconds[mode][round] / seconds[0][round] - 1);
            }
            System.out.printf(
                    "%-10s  %.2f s for 200 steps (median of %d), cost of pairs %+.1f %% (median), %s%n",
                    names[mode], median(seconds[mode]), rounds, median(cost), Arrays.toString(cost));
        }
    }

    private static double run(SparkSession spark, String[] arguments, int mode) {
        Settings settings = Settings.load(
                List.of(Path.of(arguments[0])),
                List.of(
                        "train.steps=" + STEPS,
                        "train.checkpoint-every=" + (mode == 0 ? 0 : EVERY),
                        "train.background-checkpoints=" + (mode == 2),
                        "train.evaluate-every=0",
                        "train.evaluate-sequences=8",
                        "train.data=" + arguments[1]));
        int vocabulary = DatasetManifest.read(
                        spark.sparkContext().hadoopConfiguration(), new org.apache.hadoop.fs.Path(arguments[1]))
                .vocabularySize();
        RunConfig config = settings.run(arguments[2] + "/run", vocabulary);
        Clock clock = new Clock();
        TrainingRun.run(spark, new TrainingRequest(config, 2, settings.render(), Existing.REPLACE), clock);
        return clock.seconds();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
