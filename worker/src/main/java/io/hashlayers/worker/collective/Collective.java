package io.hashlayers.worker.collective;

import io.hashlayers.worker.kernels.Matrix;

/**
 * The collective operations of one rank. All ranks call the same operations in the same order with matching shapes.
 *
 * <p>Calls block until this rank's part is done: its results are in place and its inputs may be overwritten. What is called
 * {@code begin} returns at once instead, with the number of the operation, and {@link #finish} blocks until it is done; until
 * then its matrix may be neither changed nor read. Operations are finished in the order in which they were begun, so
 * whatever blocks finishes first what was begun before it. Of more than {@link #WINDOW} the first is finished to begin another.
 *
 * <p>Belongs to the thread of its rank. A wait that exceeds the deadline, a lost peer or a failed rank throws a
 * {@link io.hashlayers.sharding.TrainingException} of kind {@code PEER_LOST} that names the rank, the operation and the
 * first error known; ranks that are not in the same operation, or disagree about its bytes, throw one of kind {@code BUG}.
 */
public interface Collective extends AutoCloseable {
    /** Most operations that a rank has begun and not finished. */
    int WINDOW = 8;

    int rank();

    int worldSize();

    /** Sums the matrix over all ranks, in rank order, so that every rank holds the same bits. */
    default void allReduce(Matrix values) {
        reduceScatter(values);
        allGather(values);
    }

    /** Sums this rank's {@link Share} of the elements over all ranks, in rank order; the others stay as they are. */
    default void reduceScatter(Matrix values) {
        finish(beginReduceScatter(values));
    }

    /** Begins {@link #reduceScatter}. */
    long beginReduceScatter(Matrix values);

    /** Overwrites the {@link Share} of every other rank with that rank's. */
    default void allGather(Matrix values) {
        finish(beginAllGather(values));
    }

    /** Begins {@link #allGather(Matrix)}. */
    long beginAllGather(Matrix values);

    /**
     * Finishes an operation and all that were begun before it; does nothing if it is finished.
     *
     * @param operation what its begin returned
     * @throws IllegalArgumentException if no such operation was begun
     */
    void finish(long operation);

    /** Sums each element over all ranks, in rank order. */
    void allReduce(double[] values);

    /**
     * Gathers some numbers of each rank, few enough to be told in one message.
     *
     * @param mine of this rank, [n]
     * @param all receives those of all ranks in rank order, [W n]
     */
    void allGather(int[] mine, int[] all);

    /**
     * Sends rows to every rank and receives rows from every rank, itself included.
     *
     * @param send rows of the sender, [Ms, N]; the run for each peer is {@code exchange.sends(peer)}
     * @param receive rows of the receiver, [Mr, N]; filled as {@code exchange.receives(peer)} says
     */
    void allToAll(Matrix send, Matrix receive, RowExchange exchange);

    /** Overwrites the matrix on every rank with that of {@code root}. */
    void broadcast(Matrix values, int root);

    /** Gathers a small byte array of each rank, in rank order; for set-up and checkpoints, not for a step. */
    byte[][] allGather(byte[] mine);

    /** Bytes of all messages that this rank has sent to others, whatever the way; without frames and signals. */
    long sentBytes();

    /** What this rank is in, for whoever watches it. */
    RankActivity activity();

    /** Tells the other ranks why this one stops; every wait of theirs ends promptly with this message. Never throws. */
    void abort(Throwable cause);

    /** Leaves; does not wait for the others. */
    @Override
    void close();
}
