package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SilentReporter;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.StepMetrics;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * One line for a whole study: which run of how many, how far it is, and the time left for all of them, as long as they go on as they
 * did until now. Of what a run does before its first step, dozens of runs would tell the same. Rewritten in place on a terminal,
 * printed every half a minute elsewhere.
 */
public final class StudyProgress extends SilentReporter {
    private static final long TERMINAL_PAUSE_NANOS = 200_000_000L;
    private static final long PAUSE_NANOS = 30_000_000_000L;
    private static final long LEAST_NANOS =
            10_000_000_000L; // of all runs, before they tell how long the others will take
    private static final String REWRITE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private long tokensLeft; // of the runs that are not over, the present one included
    private long tokensDone;
    private long tokensOfRun;
    private long start;
    private long nextPrint;
    private String label = "";
    private long steps;
    private boolean open; // an unfinished line is on the terminal

    StudyProgress(PrintStream out, boolean terminal, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
    }

    /** Tells on standard error. */
    public static StudyProgress onStandardError() {
        return new StudyProgress(System.err, Boolean.getBoolean(ConsoleReporter.TERMINAL), System::nanoTime);
    }

    /**
     * The study begins.
     *
     * @param tokens that all runs that are still to be done will train on
     */
    public void begin(long tokens) {
        tokensLeft = tokens;
        start = nanoTime.getAsLong();
        nextPrint = start;
    }

    /**
     * A run begins.
     *
     * @param tokens that it will train on
     */
    public void run(int number, int total, String name, long tokens, long ofSteps) {
        label = String.format(Locale.ROOT, "run %d of %d (%s)", number, total, name);
        tokensOfRun = tokens;
        steps = ofSteps;
        nextPrint = nanoTime.getAsLong();
    }

    /** The present run is over, whatever came of it. */
    public void runOver() {
        tokensLeft -= tokensOfRun;
        tokensDone += tokensOfRun;
        tokensOfRun = 0;
    }

    /** Prints a line of its own. */
    public void say(String sentence) {
        if (open) {
            out.println();
            open = false;
        }
        out.println(sentence);
    }

    @Override
    public void step(StepMetrics metrics) {
        long now = nanoTime.getAsLong();
        if (now - nextPrint < 0 && metrics.step() != steps) {
            return;
        }
        nextPrint = now + (terminal ? TERMINAL_PAUSE_NANOS : PAUSE_NANOS);
        show(String.format(
                Locale.ROOT,
                "%s  step %d/%d  loss %.4f  %,.0f tokens/s%s",
                label,
                metrics.step(),
                steps,
                metrics.loss(),
                metrics.tokensPerSecond(),
                timeLeft(now, metrics.tokens())));
    }

    private String timeLeft(long now, long tokensOfPresent) {
        long spent = now - start;
        if (spent < LEAST_NANOS) {
            return "";
        }
        double done = tokensDone + (double) tokensOfPresent;
        long seconds = Math.round(spent / 1e9 * (tokensLeft - tokensOfPresent) / done);
        return "  " + ProgressLine.duration(seconds) + " left";
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

    @Override
    public void finished(RunSummary summary) {
        say(String.format(
                Locale.ROOT,
                "%s  validation perplexity %.2f, %,.0f tokens/s",
                label,
                summary.validPerplexity(),
                summary.tokensPerSecond()));
    }

    @Override
    public void failed(TrainingException failure) {
        say(label + "  failed: " + failure.getMessage());
    }
}
