package io.hashlayers.worker.collective;

/**
 * The way between this rank and one other. Messages are numbered by operation, and in every operation each side sends
 * exactly one message, so neither can be more than one operation ahead of the other.
 */
interface Link extends AutoCloseable {
    /** The message to be posted next, to be filled before {@link #post}. */
    Segments outgoing();

    /** Offers the outgoing message; returns at once. */
    void post(Operation operation);

    /**
     * Waits for the peer's message of this operation and shows where it lies until {@link #taken}.
     *
     * @param bytes that it must have
     */
    Segments arrived(Operation operation, long bytes);

    /** Gives the memory of the peer's message back. */
    void taken(Operation operation);

    /** Waits until the memory of the posted message may change. */
    void release(Operation operation);

    /** Tells the peer why this rank stops; best effort. */
    void abort(String reason);

    /** Leaves without waiting for the peer. */
    @Override
    void close();
}
