package io.hashlayers.dl4j;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import picocli.CommandLine;

/** The program that {@code dl4j-baseline/train} starts. */
public final class Main {
    private Main() {}

    /** Trains and ends the JVM with the exit status of {@link Failure}. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new BaselineCommand())
                .setExecutionExceptionHandler((e, command, parsed) -> report(e))
                .execute(args));
    }

    private static int report(Exception e) {
        if (e instanceof TrainingException known) {
            System.err.println("dl4j-baseline: " + known.getMessage());
            return known.failure().exitCode();
        }
        e.printStackTrace();
        return Failure.BUG.exitCode();
    }
}
