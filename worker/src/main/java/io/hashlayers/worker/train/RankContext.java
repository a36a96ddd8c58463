package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/**
 * What a rank is given by whoever started it.
 *
 * @param collective this rank's way to the others
 * @param routing how tokens find their experts; of no layers for a dense model
 * @param digests of tokenizer, dataset, table and plan by these names, saved with every checkpoint
 * @param settings the resolved configuration as text, saved likewise
 * @param hadoop how paths are opened
 * @param listener hears of progress on rank 0
 */
public record RankContext(
        RunConfig config,
        Collective collective,
        Routing routing,
        SortedMap<String, String> digests,
        String settings,
        Configuration hadoop,
        ProgressListener listener) {}
