package io.hashlayers.sharding;

import java.util.regex.Pattern;

/**
 * The one exception that crosses a module border. Its message says what is wrong, where, with which value, and what to
 * do about it; {@link #failure} says who can mend it. It is one line, whatever names of files or tensors are quoted in it.
 */
public final class TrainingException extends RuntimeException {
    private static final Pattern BREAKS = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]+");

    private final Failure failure;

    public TrainingException(Failure failure, String message) {
        super(oneLine(message));
        this.failure = failure;
    }

    public TrainingException(Failure failure, String message, Throwable cause) {
        super(oneLine(message), cause);
        this.failure = failure;
    }

    /** Who can mend it. */
    public Failure failure() {
        return failure;
    }

    private static String oneLine(String message) {
        return BREAKS.matcher(message).replaceAll(" ");
    }
}
