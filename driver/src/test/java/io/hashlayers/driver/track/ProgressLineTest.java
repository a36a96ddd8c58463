package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressLineTest {
    private static final long SECOND = 1_000_000_000;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long clock = Long.MAX_VALUE - 30 * SECOND; // overflows in a run of more than half a minute

    private ProgressLine line(boolean terminal, long steps) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new ProgressLine(out, terminal, steps, 100, () -> clock);
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static StepMetrics step(long step, double loss, double tokensPerSecond) {
        return new StepMetrics(step, loss, 100 * step, tokensPerSecond, 1, 1, 0, List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "10,     '0 min 00 s'",
        "20,     '0 min 01 s'", // 10 steps of 100 tokens at 1000 a second
        "610,    '1 min 00 s'",
        "1005,   '1 min 40 s'", // 99.5 seconds are rounded
        "36000,  '59 min 59 s'",
        "36010,  '1 h 00 min'",
        "100010, '2 h 46 min'"
    })
    void theTimeLeftIsWhatTheRemainingTokensTake(long steps, String left) {
        ProgressLine line = line(false, steps);
        for (int step = 1; step <= 10; step++) {
            line.step(step(step, 2.5, 1000));
            clock += SECOND + SECOND / 5;
        }

        assertThat(printed().lines())
                .containsExactly(
                        "step 1/%d  loss 2.5000  1,000 tokens/s".formatted(steps), // one step tells nothing
                        "step 10/%d  loss 2.5000  1,000 tokens/s  %s left".formatted(steps, left));
    }

    @Test
    void lossAndSpeedAreTheMeansOfTheFirstSteps() {
        ProgressLine line = line(true, 3);

        line.step(step(1, 4, 1000));
        line.step(step(2, 2, 4000));
        line.step(step(3, 3, 1000));

        assertThat(printed()).endsWith("step 3/3  loss 3.0000  2,000 tokens/s");
    }

    @Test
    void afterManyStepsTheOldestAreForgotten() {
        ProgressLine line = line(true, 1000);
        line.step(step(1, 1e6, 1e6));
        double loss = 1e6;
        for (int step = 2; step <= 1000; step++) {
            line.step(step(step, 2, 1000));
            loss += Math.max(0.05, 1.0 / step) * (2 - loss);
        }

        assertThat(loss).isLessThan(2.00005);
        assertThat(printed()).endsWith("step 1000/1000  loss 2.0000  1,000 tokens/s  0 min 00 s left");
    }

    @Test
    void aLogGetsALineInTenSecondsAndTheFirstAndTheLast() {
        ProgressLine line = line(false, 47);
        for (int step = 1; step <= 47; step++) {
            line.step(step(step, 1, 100));
            clock += SECOND;
        }

        List<String> lines = printed().lines().toList();
        assertThat(lines.stream().map(text -> text.substring(0, text.indexOf('/'))))
                .containsExactly("step 1", "step 11", "step 21", "step 31", "step 41", "step 47");
    }

    @Test
    void aTerminalHasOneLineThatIsRewrittenAndEndedBeforeAnother() {
        ProgressLine line = line(true, 100);

        line.step(step(1, 1, 100));
        line.step(step(2, 1, 100)); // too soon
        clock += SECOND / 5;
        line.step(step(3, 1, 100));
        line.say("a sentence");
        line.end();
        line.end();

        assertThat(printed().split("\r\u001b\\[K", -1)).hasSize(3);
        assertThat(printed())
                .contains("step 1/100", "step 3/100")
                .doesNotContain("step 2/100")
                .endsWith("tokens/s" + System.lineSeparator() + "a sentence" + System.lineSeparator());
    }

    @Test
    void theLineTellsTheNewestEvaluation() {
        ProgressLine line = line(false, 1);

        line.evaluation(new EvaluationMetrics(1, "valid", 0, 10, Double.NaN, List.of()));
        line.evaluation(new EvaluationMetrics(1, "valid", 10, 10, Double.NaN, List.of()));
        line.step(step(1, 1, 100));

        assertThat(printed())
                .isEqualToIgnoringNewLines("step 1/1  loss 1.0000  100 tokens/s  valid perplexity 2.72 at step 1");
    }
}
