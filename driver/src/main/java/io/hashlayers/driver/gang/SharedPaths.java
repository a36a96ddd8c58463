package io.hashlayers.driver.gang;

import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TuningConfig;
import org.apache.hadoop.conf.Configuration;

/** Full paths for the folders of a run: a relative one would mean another folder in the working folder of each executor. */
public final class SharedPaths {
    private SharedPaths() {}

    public static RunConfig of(Configuration hadoop, RunConfig config) {
        RunConfig shared = config.at(full(hadoop, config.runDir()), full(hadoop, config.datasetDir()));
        TuningConfig tuning = config.tuning();
        return tuning.continues() ? shared.tuned(tuning.at(full(hadoop, tuning.from()), tuning.step())) : shared;
    }

    private static String full(Configuration hadoop, String dir) {
        return Folder.of(hadoop, dir).path().toString();
    }
}
