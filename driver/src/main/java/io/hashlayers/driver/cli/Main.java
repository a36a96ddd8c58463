package io.hashlayers.driver.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** The program that {@code spark-submit} starts. */
public final class Main {
    private Main() {}

    /** Runs a command and ends the JVM with its exit status. */
    public static void main(String[] args) {
        Interruption interruption = Interruption.watch();
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = run(out, err, args);
        interruption.over();
        System.exit(status); // Spark's threads, or those of a failed rank, may still run
    }

    /**
     * Runs a command.
     *
     * @return its exit status, see {@link io.hashlayers.sharding.Failure}
     */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        var failures = new FailureReport();
        try {
            return new CommandLine(new HashlayersCommand())
                    .setOut(out)
                    .setErr(err)
                    .setParameterExceptionHandler(failures)
                    .setExecutionExceptionHandler(failures)
                    .execute(args);
        } catch (Error e) { // out of memory, a class that is missing: picocli hands on exceptions alone
            return failures.report(e, err, false);
        }
    }
}
