package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFilesTest {
    @TempDir
    Path dir;

    @Test
    void aRestartIsToldInTheFileOfTheNextAttempt() throws IOException {
        try (RunFiles files = new RunFiles(new Configuration(), dir.toString(), Duration.ofSeconds(20))) {
            files.started();

            files.restarting(new TrainingException(Failure.RESOURCES, "the folder cannot be written"), 1);
            assertThat(Files.readString(dir.resolve("metrics.jsonl"))).isEmpty();
            files.regrouped(1, 2);
            files.started();
        }

        assertThat(Files.readAllLines(dir.resolve("metrics.jsonl")))
                .satisfiesExactly(
                        line -> assertThat(line).contains("\"restart\":1", "the folder cannot be written"),
                        line -> assertThat(line).contains("\"ranks\":1", "\"asked\":2"));
    }
}
