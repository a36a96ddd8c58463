package io.hashlayers.worker.collective;

/**
 * Which rows go where in one all-to-all, from the view of one rank.
 *
 * <p>To and from each peer goes a list of segments, runs of consecutive rows. What a peer sends to this rank, segment after
 * segment, fills the segments that this rank has for it in order; only the sums of their rows must be equal.
 */
public interface RowExchange {
    /** Number of segments that this rank sends to {@code peer}. */
    int sendSegments(int peer);

    /** First row, in the send matrix, of a segment. */
    int sendStart(int peer, int segment);

    /** Rows of a segment, 0 or more. */
    int sendRows(int peer, int segment);

    /** Number of segments that this rank fills with what {@code peer} sends. */
    int receiveSegments(int peer);

    /** First row, in the receive matrix, of a segment. */
    int receiveStart(int peer, int segment);

    /** Rows of a segment, 0 or more. */
    int receiveRows(int peer, int segment);
}
