package io.hashlayers.driver.gang;

import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.RankContext;
import io.hashlayers.worker.train.RankPrediction;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * Loads a checkpoint and writes what it predicts for a split.
 *
 * @param config with the model of the checkpoint
 * @param routing how tokens find their experts
 * @param step of the checkpoint
 * @param predictionsDir where the files go
 */
record PredictionProgram(RunConfig config, Routing routing, long step, String split, String predictionsDir)
        implements ConfiguredProgram {
    /**
     * The files.
     *
     * @param shards one for each rank
     */
    record Result(List<SplitInfo.Shard> shards) implements Serializable {}

    @Override
    public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
        RankContext context = RankContext.ofReader(config, collective, routing, hadoop, listener);
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, config.runDir(), OptionalLong.of(step))) {
            return new Result(RankPrediction.run(context, split, checkpoint, predictionsDir));
        }
    }
}
