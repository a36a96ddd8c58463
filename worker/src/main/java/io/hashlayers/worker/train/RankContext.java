package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What a rank is given by whoever started it.
 *
 * @param collective this rank's way to the others
 * @param routing how tokens find their experts; of no layers for a dense model
 * @param digests of tokenizer, dataset, table and plan by these names, saved with every checkpoint
 * @param settings the resolved configuration as text, saved likewise
 * @param finishedSteps steps of the run's checkpoint that training goes on behind; 0 to begin
 * @param skippedSteps whose batches are left out, ascending
 * @param hadoop how paths are opened
 * @param listener hears of progress on rank 0
 */
public record RankContext(
        RunConfig config,
        Collective collective,
        Routing routing,
        SortedMap<String, String> digests,
        String settings,
        long finishedSteps,
        List<Long> skippedSteps,
        Configuration hadoop,
        ProgressListener listener) {
    /** Of a rank that saves nothing. */
    public static RankContext ofReader(
            RunConfig config, Collective collective, Routing routing, Configuration hadoop, ProgressListener listener) {
        return new RankContext(config, collective, routing, new TreeMap<>(), "", 0, List.of(), hadoop, listener);
    }
}
