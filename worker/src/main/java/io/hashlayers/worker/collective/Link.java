package io.hashlayers.worker.collective;

/**
 * The way between this rank and one other. In every operation each side sends exactly one message; messages are posted, and
 * taken, in the order of the operations. A rank may post those of several operations before it takes the first.
 */
interface Link extends AutoCloseable {
    /** The message of an operation, to be filled before {@link #post}. */
    Segments outgoing(Operation operation);

    /** Offers the outgoing message; returns at once. Its memory may not change before {@link #release}. */
    void post(Operation operation);

    /**
     * Waits for the peer's message of this operation and shows where it lies until {@link #taken}.
     *
     * @param bytes that it must have
     */
    Segments arrived(Operation operation, long bytes);

    /** Gives the memory of the peer's message back. */
    void taken(Operation operation);

    /** Waits until the memory of the messages posted up to this operation may change. */
    void release(Operation operation);

    /** Tells the peer why this rank stops; best effort. */
    void abort(String reason);

    /** Leaves without waiting for the peer. */
    @Override
    void close();
}
