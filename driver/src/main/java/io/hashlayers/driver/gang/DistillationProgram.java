package io.hashlayers.driver.gang;

import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.train.LearnedRoutes;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.RankContext;
import io.hashlayers.worker.train.RankDistillation;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * Loads a checkpoint and counts where its learned routers send the tokens of a split.
 *
 * @param config with the model of the checkpoint, uncapped
 * @param routing how tokens find their experts
 * @param step of the checkpoint
 */
record DistillationProgram(RunConfig config, Routing routing, long step, String split) implements ConfiguredProgram {
    /** One for each layer that learned its routes. */
    record Result(List<LearnedRoutes> layers) implements Serializable {}

    @Override
    public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
        RankContext context = RankContext.ofReader(config, collective, routing, hadoop, listener);
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, config.runDir(), OptionalLong.of(step))) {
            return new Result(RankDistillation.run(context, split, checkpoint));
        }
    }
}
