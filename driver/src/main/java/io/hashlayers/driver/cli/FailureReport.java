package io.hashlayers.driver.cli;

import io.hashlayers.driver.gang.Redaction;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells a failure in one sentence on the error stream and gives the command its exit status. */
final class FailureReport implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private static final String PREFIX = "hashlayers: ";

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        say(err, e.getMessage());
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("see " + command.getCommandSpec().qualifiedName() + " --help");
        return Failure.USER.exitCode();
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
        return report(
                e,
                command.getErr(),
                ((HashlayersCommand) command.getCommandSpec().root().userObject()).verbose);
    }

    /** Prints the failure and returns the exit status; with all that is known of its cause if {@code verbose}. */
    int report(Throwable failure, PrintWriter err, boolean verbose) {
        if (verbose) {
            StringWriter trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            err.print(Redaction.ofThisProcess().of(trace.toString()));
        }
        TrainingException known = find(failure);
        if (known != null) {
            say(err, known.getMessage());
            if (known.failure() == Failure.BUG) {
                err.println(PREFIX + "this is a fault of the program; please report it with the output of --verbose");
            }
            return known.failure().exitCode();
        }
        if (failure instanceof OutOfMemoryError) {
            err.println(
                    PREFIX + "the memory of the driver is used up (" + failure.getMessage()
                            + "); give it more with --spark-conf spark.driver.memory=8g, or make the model or the batch smaller");
            return Failure.RESOURCES.exitCode();
        }
        say(
                err,
                "unexpected " + failure
                        + "; this is a fault of the program, please report it with the output of --verbose");
        return Failure.BUG.exitCode();
    }

    /** What is wrong with a setting may be told with its value. */
    private static void say(PrintWriter err, @Nullable String sentence) {
        err.println(PREFIX + Redaction.ofThisProcess().of(String.valueOf(sentence)));
    }

    /** Ours may be wrapped by Spark or a thread pool. */
    private static @Nullable TrainingException find(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TrainingException known) {
                return known;
            }
        }
        return null;
    }
}
