package io.hashlayers.worker.collective;

/** Direct memory that the messages between ranks of different JVMs take once the largest of them has come by. */
public final class TransportMemory {
    private static final long SLOTS = 2; // of each direction: messages take turns

    private TransportMemory() {}

    /**
     * Bytes of one rank: a message to and one from each rank of another JVM, both twice. Ranks of its own JVM copy out of its
     * matrices and take none. Between JVMs of one machine it is the same: each has the shared memory of both mapped.
     *
     * @param remotePeers ranks of other JVMs
     * @param message bytes of the largest message between two ranks
     * @param maxMessageBytes largest payload of a frame on the wire
     */
    public static long ofRank(int remotePeers, long message, int maxMessageBytes) {
        long frames = Math.max(1, (message + maxMessageBytes - 1) / maxMessageBytes);
        return SLOTS * remotePeers * (2 * message + frames * Frame.HEADER_BYTES);
    }

    /** Bytes of the largest message between two of {@code worldSize} ranks that reduce {@code floats} values together. */
    public static long reductionMessage(long floats, int worldSize) {
        return worldSize == 1 ? 0 : (floats + worldSize - 1) / worldSize * Float.BYTES;
    }
}
