package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.RunReporter;
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
        RunReporter run = progress.run(2, 4, "hash, seed 1", 1000, 10);
        nanos += 10_000_000_000L;
        run.step(step(5)); // 500 tokens in 10 s, 2,500 to go
        nanos += 1_000_000_000L;
        run.step(step(6)); // too soon to print again
        nanos += 9_000_000_000L;
        run.step(step(10));
        progress.runOver("hash, seed 1");
        run = progress.run(3, 4, "base, seed 1", 2000, 20);
        nanos += 20_000_000_000L;
        run.step(step(10)); // 2,000 tokens in 40 s, 1,000 to go

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
        RunReporter run = progress.run(1, 4, "hash, seed 1", 1000, 10);
        nanos += 9_000_000_000L;
        run.step(step(1));

        assertThat(lines()).containsExactly("run 1 of 4 (hash, seed 1)  step 1/10  loss 6.5000  50 tokens/s");
    }

    @Test
    void ofRunsAtOnceAllThatIsDoneCounts() {
        StudyProgress progress = progress(false);
        progress.begin(3000);
        RunReporter one = progress.run(1, 3, "a, seed 1", 1000, 10);
        RunReporter other = progress.run(2, 3, "b, seed 1", 1000, 10);
        nanos += 10_000_000_000L;
        one.step(step(5)); // 500 tokens in 10 s, 2,500 to go
        nanos += 30_000_000_000L;
        other.step(step(5)); // 1,000 tokens in 40 s, 2,000 to go
        progress.runOver("c, seed 1"); // kept, and in no sum
        other.step(step(10)); // 1,500 tokens in 40 s, 1,500 to go

        assertThat(lines())
                .containsExactly(
                        "run 1 of 3 (a, seed 1)  step 5/10  loss 6.5000  50 tokens/s  0 min 50 s left",
                        "run 2 of 3 (b, seed 1)  step 5/10  loss 6.5000  50 tokens/s  1 min 20 s left",
                        "run 2 of 3 (b, seed 1)  step 10/10  loss 6.5000  50 tokens/s  0 min 40 s left");
    }

    @Test
    void aTerminalHasOneLineThatSentencesEnd() {
        StudyProgress progress = progress(true);
        progress.begin(1000);
        RunReporter run = progress.run(1, 1, "a, seed 1", 1000, 10);
        nanos += 1_000_000_000L;
        run.step(step(1));
        nanos += 1_000_000_000L;
        run.step(step(2));
        run.failed(new TrainingException(Failure.PEER_LOST, "gone"));

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .containsPattern("\r\u001b\\[Krun 1 of 1 .*\r\u001b\\[Krun 1 of 1 ");
        assertThat(bytes.toString(StandardCharsets.UTF_8)).endsWith("tokens/s\nrun 1 of 1 (a, seed 1)  failed: gone\n");
    }
}
