package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.worker.train.TrainConfig;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;

/** Tells people, before anything is waited for, what will run where and how long each thing may take. */
final class PreflightScreen {
    private PreflightScreen() {}

    /**
     * The lines of the screen.
     *
     * @param slots that the cluster has now
     * @param asked ranks, 0 for as many as there are slots
     */
    static List<String> of(SparkConf conf, int slots, int asked, TrainConfig train) {
        return List.of(
                "cluster   " + conf.get("spark.master", "") + "; " + slots(conf, slots, asked),
                "a rank    " + resources(conf),
                "network   " + TransportState.describe(conf),
                "waits     %d s for executors, %d s for ranks to meet, %d s for another rank in a step, %d s for a heartbeat, %d s for a checkpoint"
                        .formatted(
                                seconds(conf, SparkJob.REGISTRATION_KEY, "60s"),
                                seconds(conf, "spark.barrier.sync.timeout", "120s"),
                                train.timeoutSeconds(),
                                train.heartbeatSeconds(),
                                train.checkpoints().timeoutSeconds()));
    }

    private static String slots(SparkConf conf, int slots, int asked) {
        if (asked > slots) {
            return "%d ranks, %d slots are there, %d are missing".formatted(asked, slots, asked - slots);
        }
        if (asked > 0) {
            return "%d ranks, %d slots are there".formatted(asked, slots);
        }
        int expected = Slots.expected(conf);
        return "as many ranks as there are slots: %d now%s"
                .formatted(slots, expected > slots ? ", " + expected + " by the settings" : "");
    }

    private static String resources(SparkConf conf) {
        int cores = conf.getInt("spark.task.cpus", 1);
        boolean gpu = conf.getDouble("spark.task.resource.gpu.amount", 0) > 0;
        return "has %s (spark.task.cpus) and %s (spark.task.resource.gpu.amount); executors stay until the end, without dynamic allocation"
                .formatted(cores == 1 ? "1 core" : cores + " cores", gpu ? "a GPU" : "no GPU");
    }

    private static long seconds(SparkConf conf, String key, String byDefault) {
        return JavaUtils.timeStringAsSec(conf.get(key, byDefault));
    }
}
