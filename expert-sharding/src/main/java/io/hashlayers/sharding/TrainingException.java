package io.hashlayers.sharding;

/**
 * The one exception that crosses a module border. Its message says what is wrong, where, with which value, and what to
 * do about it; {@link #failure} says who can mend it.
 */
public final class TrainingException extends RuntimeException {
    private final Failure failure;

    public TrainingException(Failure failure, String message) {
        super(message);
        this.failure = failure;
    }

    public TrainingException(Failure failure, String message, Throwable cause) {
        super(message, cause);
        this.failure = failure;
    }

    /** Who can mend it. */
    public Failure failure() {
        return failure;
    }
}
