package io.hashlayers.driver.gang;

import io.hashlayers.worker.train.RunConfig;
import java.time.Duration;

/** A program whose kernels and deadlines are those of a run's configuration. */
public interface ConfiguredProgram extends RankProgram {
    RunConfig config();

    @Override
    default String kernels() {
        return config().kernels();
    }

    @Override
    default Duration timeout() {
        return Duration.ofSeconds(config().train().timeoutSeconds());
    }

    @Override
    default Duration longestSilence() {
        return Duration.ofSeconds(config().train().heartbeatSeconds());
    }
}
