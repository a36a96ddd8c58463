package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.PrintWriter;
import java.io.Serializable;
import java.io.StringWriter;
import java.util.List;

/**
 * Why a rank ended early.
 *
 * @param executor Spark's id of it
 * @param step that it was doing, 0 before the first
 * @param message one sentence
 * @param stackTrace of the exception, for the log
 * @param log last lines that its executor logged
 */
record RankFailure(
        int rank,
        String host,
        String executor,
        long step,
        Failure kind,
        String message,
        String stackTrace,
        List<String> log)
        implements Serializable {
    private static final int MAX_STACK_TRACE = 16_000;

    /** The same without secrets, for a message of Hadoop or Spark may quote anything. */
    RankFailure without(Redaction secrets) {
        return new RankFailure(rank, host, executor, step, kind, secrets.of(message), secrets.of(stackTrace), log);
    }

    /** Describes what ended a rank; a throwable that no one foresaw is a bug of ours, but for lack of memory. */
    static RankFailure of(int rank, String host, String executor, long step, Throwable cause, List<String> log) {
        Failure kind;
        String message;
        if (cause instanceof TrainingException known) {
            kind = known.failure();
            message = String.valueOf(known.getMessage());
        } else if (cause instanceof OutOfMemoryError) {
            kind = Failure.RESOURCES;
            message = "no memory is left (" + cause.getMessage()
                    + "); raise spark.executor.memory or spark.executor.memoryOverhead, or raise train.accumulate-batches";
        } else {
            kind = Failure.BUG;
            message = cause + "; please report this with the log";
        }
        return new RankFailure(rank, host, executor, step, kind, message, stackTrace(cause), log);
    }

    private static String stackTrace(Throwable cause) {
        StringWriter text = new StringWriter();
        cause.printStackTrace(new PrintWriter(text));
        return text.toString()
                .substring(0, Math.min(MAX_STACK_TRACE, text.getBuffer().length()));
    }
}
