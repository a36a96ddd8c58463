package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.train.ProgressListener;
import java.io.Serializable;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;

/** What every rank does once it has met the others. */
public interface RankProgram extends Serializable {
    /** Name of the kernels that compute. */
    String kernels();

    /** Longest wait for another rank. */
    Duration timeout();

    /** Longest silence of an executor before it is taken for hung. */
    Duration longestSilence();

    /**
     * Runs on the rank's own thread. What it throws ends all ranks: the driver and the others are told.
     *
     * @param listener to be told of progress on rank 0
     * @return what rank 0 hands to the driver; not used of other ranks
     */
    Serializable run(Collective collective, Configuration hadoop, ProgressListener listener);
}
