package io.hashlayers.worker.collective;

/** Direct memory that the messages between ranks of different JVMs take once the largest of them has come by. */
public final class TransportMemory {
    private TransportMemory() {}

    /**
     * Bytes of one rank: to and from each rank of another JVM, as many messages as the lanes have buffers. Ranks of its own JVM
     * copy out of its matrices and take none. Between JVMs of one machine it is the same: each has the shared memory of both
     * mapped.
     *
     * @param remotePeers ranks of other JVMs
     * @param exchange bytes of the largest message between two ranks in an all-to-all
     * @param reduction bytes of the largest message between two ranks in a reduce-scatter or all-gather
     * @param maxMessageBytes largest payload of a frame on the wire
     */
    public static long ofRank(int remotePeers, long exchange, long reduction, int maxMessageBytes) {
        return remotePeers
                * (Lane.AT_ONCE.buffers() * message(exchange, maxMessageBytes)
                        + Lane.OVERLAPPING.buffers() * message(reduction, maxMessageBytes));
    }

    /** Bytes of a message where it is sent and where it is received. */
    private static long message(long bytes, int maxMessageBytes) {
        long frames = (bytes + maxMessageBytes - 1) / maxMessageBytes;
        return 2 * bytes + frames * Frame.HEADER_BYTES;
    }

    /** Bytes of the largest message between two of {@code worldSize} ranks that reduce {@code floats} values together. */
    public static long reductionMessage(long floats, int worldSize) {
        return worldSize == 1 ? 0 : (floats + worldSize - 1) / worldSize * Float.BYTES;
    }
}
