package io.hashlayers.driver.track;

import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The one line that tells how a run goes: rewritten in place on a terminal, printed every few seconds elsewhere.
 *
 * <p>Loss, tokens per second and time left follow a running mean over about the last 20 steps.
 */
final class ProgressLine {
    private static final Duration TERMINAL_PAUSE = Duration.ofMillis(200);
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final double NEWEST_SHARE = 0.05;
    private static final String REWRITE = "\r\u001b[K";

    private static final int LEAST_STEPS = 10; // before the time left is told

    private final PrintStream out;
    private final boolean terminal;
    private final long steps;
    private final long tokensPerStep;
    private final LongSupplier nanoTime;
    private String quality = "";
    private double tokensPerSecond;
    private double loss;
    private long stepsSeen;
    private long nextPrint = Long.MIN_VALUE;
    private boolean open; // an unfinished line is on the terminal

    /**
     * @param steps of the whole run
     * @param nanoTime as {@link System#nanoTime}
     */
    ProgressLine(PrintStream out, boolean terminal, long steps, long tokensPerStep, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.steps = steps;
        this.tokensPerStep = tokensPerStep;
        this.nanoTime = nanoTime;
    }

    void step(StepMetrics metrics) {
        double share = Math.max(NEWEST_SHARE, 1.0 / ++stepsSeen);
        tokensPerSecond += share * (metrics.tokensPerSecond() - tokensPerSecond);
        loss += share * (metrics.loss() - loss);
        boolean last = metrics.step() == steps;
        long now = nanoTime.getAsLong();
        if (last || nextPrint == Long.MIN_VALUE || now - nextPrint >= 0) {
            nextPrint = now + (terminal ? TERMINAL_PAUSE : PAUSE).toNanos();
            show(text(metrics.step()));
        }
    }

    /** From now on the line ends with this quality. */
    void evaluation(EvaluationMetrics metrics) {
        quality = String.format(
                Locale.ROOT, "  %s perplexity %.2f at step %d", metrics.split(), metrics.perplexity(), metrics.step());
    }

    /** Prints a line of its own, under what was there. */
    void say(String sentence) {
        end();
        out.println(sentence);
    }

    /** Ends the line, if one is being rewritten. */
    void end() {
        if (open) {
            out.println();
            open = false;
        }
    }

    private void show(String text) {
        if (terminal) {
            out.print(REWRITE + text);
            out.flush();
            open = true;
        } else {
            out.println(text);
        }
    }

    private String text(long step) {
        return String.format(
                Locale.ROOT,
                "step %d/%d  loss %.4f  %,.0f tokens/s%s%s",
                step,
                steps,
                loss,
                tokensPerSecond,
                timeLeft(step),
                quality);
    }

    /** The first steps of a process are slow, so they tell nothing. */
    private String timeLeft(long step) {
        return stepsSeen < LEAST_STEPS
                ? ""
                : "  " + duration(Math.round((steps - step) * (tokensPerStep / tokensPerSecond))) + " left";
    }

    static String duration(long seconds) {
        return seconds >= 3600
                ? String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60)
                : String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
    }
}
