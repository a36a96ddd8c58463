package io.hashlayers.driver.job;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.stream.Collectors;

/** Finds in what a failed Spark job throws the sentence that matters. */
public final class JobFailures {
    /** Of a stage that failed, Spark says in the first line that it did and in the second why. */
    private static final int REASON_LINES = 2;

    private JobFailures() {}

    /**
     * What a job threw, or a kind for it.
     *
     * @param what the job does, for messages
     */
    public static TrainingException translate(String what, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TrainingException known) {
                return known;
            }
        }
        String reason = String.valueOf(failure.getMessage())
                .lines()
                .takeWhile(line -> !line.startsWith("\tat "))
                .limit(REASON_LINES)
                .collect(Collectors.joining(" "));
        if (reason.contains("ExecutorLostFailure") || reason.contains("SparkContext was shut down")) {
            return new TrainingException(
                    Failure.PEER_LOST,
                    what + " was cut off: " + reason + "; see the executors' logs and start again",
                    failure);
        }
        if (reason.contains("IOException: ")) { // of a task in another process, whose exceptions come as text
            return new TrainingException(
                    Failure.RESOURCES,
                    what + " failed: " + reason + "; check the storage, its rights and the room there",
                    failure);
        }
        return new TrainingException(
                Failure.BUG, what + " failed: " + reason + "; please report this with the log", failure);
    }
}
