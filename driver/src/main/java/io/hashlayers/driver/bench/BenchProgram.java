package io.hashlayers.driver.bench;

import io.hashlayers.driver.gang.ConfiguredProgram;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.RunConfig;
import java.io.Serializable;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The benchmark as every rank runs it. Its result is a {@link BenchReport}.
 *
 * @param rivals other models to time in turn with that of the configuration, by name
 * @param steps timed steps, after a warm-up
 */
public record BenchProgram(RunConfig config, SortedMap<String, RunConfig> rivals, int steps)
        implements ConfiguredProgram {
    @Override
    public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
        return new RankBench(config, rivals, steps, collective).run();
    }
}
