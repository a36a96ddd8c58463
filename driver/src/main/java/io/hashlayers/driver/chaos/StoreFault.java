package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;

/** The store of the run is in a bad mood for a while. */
final class StoreFault implements Fault {
    private final ChaosFileSystem.Mood mood;

    StoreFault(ChaosFileSystem.Mood mood) {
        this.mood = mood;
    }

    @Override
    public String strike(Target target) throws IOException {
        Files.writeString(target.store(), mood.name());
        return "file system of the run";
    }

    @Override
    public Duration lasts() {
        return Duration.ofSeconds(6);
    }

    @Override
    public void heal(Target target) throws IOException {
        Files.writeString(target.store(), ChaosFileSystem.Mood.FINE.name());
    }
}
