package io.hashlayers.driver.gang;

import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.RankContext;
import io.hashlayers.worker.train.RankEvaluation;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * Loads a checkpoint and measures it on a split.
 *
 * @param config with the model of the checkpoint
 * @param routing how tokens find their experts
 * @param step of the checkpoint
 */
record EvaluationProgram(RunConfig config, Routing routing, long step, String split) implements ConfiguredProgram {
    /**
     * What came of it.
     *
     * @param seconds that loading and reading took
     */
    record Result(EvaluationMetrics metrics, double seconds) implements Serializable {}

    @Override
    public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
        long start = System.nanoTime();
        RankContext context = RankContext.ofReader(config, collective, routing, hadoop, listener);
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, config.runDir(), OptionalLong.of(step))) {
            EvaluationMetrics metrics = RankEvaluation.run(context, split, checkpoint);
            return new Result(metrics, (System.nanoTime() - start) * 1e-9);
        }
    }
}
