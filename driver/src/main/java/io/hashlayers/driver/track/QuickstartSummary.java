package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.EvaluationSummary;
import io.hashlayers.driver.gang.RunSummary;
import java.util.Locale;

/**
 * What a newcomer reads after the first run.
 *
 * @param sample a generated text
 * @param runDir folder of the run
 */
public record QuickstartSummary(RunSummary run, EvaluationSummary test, String sample, String runDir) {
    /** The summary as lines for people. */
    public String text() {
        return String.join(
                System.lineSeparator(),
                line(
                        "perplexity     %.1f on validation text, %.1f on test text",
                        run.validPerplexity(), test.perplexity()),
                line(
                        "               %.1f if tokens came by their frequency alone: %.1f times as much",
                        run.unigramPerplexity(), run.unigramPerplexity() / run.validPerplexity()),
                line("bits per byte  %.3f on validation text", run.validBitsPerByte()),
                line(
                        "speed          %,.0f tokens/s on %d ranks; %,d tokens in %,d steps",
                        run.tokensPerSecond(), run.worldSize(), run.tokens(), run.steps()),
                line(
                        "experts        the busiest got %.1f %% more tokens than the mean, on average over the steps (MaxVio %.3f)",
                        100 * run.maxVio(), run.maxVio()),
                line("loss curve     %s/%s", runDir, LossCurve.NAME),
                line("model          %s/checkpoints", runDir),
                line("sample         %s", sample.replaceAll("\\s+", " ").strip()));
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
