package io.hashlayers.driver.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {
    @TempDir
    Path run;

    private RunLog log(String metrics, String printed) throws IOException {
        Files.writeString(run.resolve("metrics.jsonl"), metrics);
        Files.writeString(run.resolve("printed"), printed);
        return new RunLog(run, run.resolve("printed"));
    }

    @Test
    void theLastWholeLineOfAStepCounts() throws IOException {
        String steps =
                "{\"step\": 7, \"loss\": 5.5}\n{\"step\": 8, \"loss\": 5.4}\n{\"step\": 8, \"perplexity\": 200}\n";

        assertThat(log(steps, "").step()).isEqualTo(8);
        assertThat(log(steps + "{\"step\": 9, \"lo", "").step()).isEqualTo(8);
        assertThat(log("", "").step()).isZero();
    }

    @Test
    void everyResumptionIsFoundInWhatWasPrinted() throws IOException {
        RunLog log = log("", """
                resumed   after step 200, from its checkpoint
                step 201
                resumed   after step 1,400, from its checkpoint
                hashlayers: the end

                """);

        assertThat(log.resumptions()).containsExactly(200L, 1400L);
        assertThat(log.lastLine()).isEqualTo("hashlayers: the end");
    }
}
