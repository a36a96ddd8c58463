package io.hashlayers.worker.collective;

/**
 * The way between this rank and one other. Messages are numbered by operation, and in every operation each side sends
 * exactly one message, so neither can be more than one operation ahead of the other.
 */
interface Link extends AutoCloseable {
    /** The message to be posted next, to be filled before {@link #post}. */
    Segments outgoing();

    /** Where the next message goes, to be filled before {@link #receive}. */
    Segments incoming();

    /** Offers the outgoing message; returns at once. */
    void post(Operation operation);

    /** Waits for the peer's message of this operation and copies it to its place. */
    void receive(Operation operation);

    /** Waits until the memory of the posted message may change. */
    void release(Operation operation);

    /** Tells the peer why this rank stops; best effort. */
    void abort(String reason);

    /** Leaves without waiting for the peer. */
    @Override
    void close();
}
