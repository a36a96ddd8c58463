package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.StepMetrics;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class StudyProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nanos = 1_000_000_000_000L;

    private StudyProgress progress(boolean terminal) {
        return new StudyProgress(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal, () -> nanos);
    }

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static StepMetrics step(long step) {
        return new StepMetrics(step, 6.5, 100 * step, 50, 1, 1, 0, List.of());
    }

    @Test
    void theTimeLeftIsThatOfAllRunsAtTheSpeedUntilNow() {
        StudyProgress progress = progress(false);
        progress.begin(3000);
        progress.run(2, 4, "hash, seed 1", 1000, 10);
        nanos += 10_000_000_000L;
        progress.step(step(5)); // 500 tokens in 10 s, 2,500 to go
        nanos += 1_000_000_000L;
        progress.step(step(6)); // too soon to print again
        nanos += 9_000_000_000L;
        progress.step(step(10));
        progress.runOver();
        progress.run(3, 4, "base, seed 1", 2000, 20);
        nanos += 20_000_000_000L;
        progress.step(step(10)); // 2,000 tokens in 40 s, 1,000 to go

        assertThat(lines())
                .containsExactly(
                        "run 2 of 4 (hash, seed 1)  step 5/10  loss 6.5000  50 tokens/s  0 min 50 s left",
                        "run 2 of 4 (hash, seed 1)  step 10/10  loss 6.5000  50 tokens/s  0 min 40 s left",
                        "run 3 of 4 (base, seed 1)  step 10/20  loss 6.5000  50 tokens/s  0 min 20 s left");
    }

    @Test
    void theFirstStepsAreTooFewToTellTheTimeLeft() {
        StudyProgress progress = progress(false);
        progress.begin(3000);
        progress.run(1, 4, "hash, seed 1", 1000, 10);
        nanos += 9_000_000_000L;
        progress.step(step(1));

        assertThat(lines()).containsExactly("run 1 of 4 (hash, seed 1)  step 1/10  loss 6.5000  50 tokens/s");
    }

    @Test
    void aTerminalHasOneLineThatSentencesEnd() {
        StudyProgress progress = progress(true);
        progress.begin(1000);
        progress.run(1, 1, "a, seed 1", 1000, 10);
        nanos += 1_000_000_000L;
        progress.step(step(1));
        nanos += 1_000_000_000L;
        progress.step(step(2));
        progress.failed(new TrainingException(Failure.PEER_LOST, "gone"));

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .containsPattern("\r\u001b\\[Krun 1 of 1 .*\r\u001b\\[Krun 1 of 1 ");
        assertThat(bytes.toString(StandardCharsets.UTF_8)).endsWith("tokens/s\nrun 1 of 1 (a, seed 1)  failed: gone\n");
    }
}
