package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SilentReporter;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.StepMetrics;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * One line for a whole study: which run of how many, how far it is, and the time left for all of them, as long as they go on as they
 * did until now; of several runs at once, that which goes on next. Of what a run does before its first step, dozens of runs would tell the same. Rewritten in place on a terminal,
 * printed every half a minute elsewhere.
 */
public final class StudyProgress {
    private static final long TERMINAL_PAUSE_NANOS = 200_000_000L;
    private static final long PAUSE_NANOS = 30_000_000_000L;
    private static final long LEAST_NANOS =
            10_000_000_000L; // of all runs, before they tell how long the others will take
    private static final String REWRITE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final Map<String, Line> present = new HashMap<>(); // of the runs that go on
    private long tokensLeft; // of the runs that are not over, the present ones included
    private long tokensDone;
    private long start;
    private long nextPrint;
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
    public synchronized void begin(long tokens) {
        tokensLeft = tokens;
        start = nanoTime.getAsLong();
        nextPrint = start;
    }

    /**
     * A run begins.
     *
     * @param tokens that it will train on
     * @return tells of it
     */
    public synchronized RunReporter run(int number, int total, String name, long tokens, long ofSteps) {
        String label = String.format(Locale.ROOT, "run %d of %d (%s)", number, total, name);
        Line line = new Line(label, tokens, ofSteps);
        present.put(name, line);
        nextPrint = nanoTime.getAsLong();
        return line;
    }

    /** A run is over, whatever came of it. */
    public synchronized void runOver(String name) {
        Line line = present.remove(name);
        if (line != null) {
            tokensLeft -= line.tokens;
            tokensDone += line.tokensDone;
        }
    }

    /** A run will not be done that was counted in the beginning. */
    public synchronized void runSkipped(long tokens) {
        tokensLeft -= tokens;
    }

    /** Prints a line of its own. */
    public synchronized void say(String sentence) {
        if (open) {
            out.println();
            open = false;
        }
        out.println(sentence);
    }

    private synchronized void step(Line line, StepMetrics metrics) {
        line.tokensDone = metrics.tokens();
        long now = nanoTime.getAsLong();
        if (now - nextPrint < 0 && metrics.step() != line.steps) {
            return;
        }
        nextPrint = now + (terminal ? TERMINAL_PAUSE_NANOS : PAUSE_NANOS);
        show(String.format(
                Locale.ROOT,
                "%s  step %d/%d  loss %.4f  %,.0f tokens/s%s",
                line.label,
                metrics.step(),
                line.steps,
                metrics.loss(),
                metrics.tokensPerSecond(),
                timeLeft(now)));
    }

    private String timeLeft(long now) {
        long spent = now - start;
        if (spent < LEAST_NANOS) {
            return "";
        }
        long ofPresent =
                present.values().stream().mapToLong(line -> line.tokensDone).sum();
        double done = tokensDone + (double) ofPresent;
        long seconds = Math.round(spent / 1e9 * (tokensLeft - ofPresent) / done);
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

    /** Tells of one run. */
    private final class Line extends SilentReporter {
        private final String label;
        private final long tokens;
        private final long steps;
        private long tokensDone;

        Line(String label, long tokens, long steps) {
            this.label = label;
            this.tokens = tokens;
            this.steps = steps;
        }

        @Override
        public void step(StepMetrics metrics) {
            StudyProgress.this.step(this, metrics);
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
}
