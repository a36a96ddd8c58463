package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.RankContext;
import io.hashlayers.worker.train.RankLoop;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Trains to the last step.
 *
 * @param routing how tokens find their experts
 * @param digests saved with every checkpoint, as the settings
 * @param skippedSteps whose batches are left out, ascending
 * @param finishedSteps steps of the run's checkpoint that it goes on behind; 0 to begin
 */
record TrainingProgram(
        RunConfig config,
        Routing routing,
        SortedMap<String, String> digests,
        String settings,
        List<Long> skippedSteps,
        long finishedSteps)
        implements ConfiguredProgram {
    @Override
    public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
        return RankLoop.run(new RankContext(
                config, collective, routing, digests, settings, finishedSteps, skippedSteps, hadoop, listener));
    }
}
