package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;

/**
 * Where an endpoint listens, and the token that a message to it must carry; as text {@code host:port#token@place}.
 *
 * @param token random; whoever has it was at the same rendezvous
 * @param place of the memory that it can share, see {@link SharedMemory#place}
 */
record EndpointAddress(String host, int port, long token, long place) {
    static EndpointAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        int hash = text.lastIndexOf('#');
        int at = text.lastIndexOf('@');
        try {
            return new EndpointAddress(
                    text.substring(0, colon),
                    Integer.parseInt(text.substring(colon + 1, hash)),
                    Long.parseUnsignedLong(text.substring(hash + 1, at), 16),
                    Long.parseUnsignedLong(text.substring(at + 1), 16));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new TrainingException(Failure.BUG, "not an endpoint's address: " + text, e);
        }
    }

    /** Whether both see the same shared memory. */
    boolean sharesMemoryWith(EndpointAddress other) {
        return place != 0 && place == other.place;
    }

    @Override
    public String toString() {
        return host + ":" + port + "#" + Long.toHexString(token) + "@" + Long.toHexString(place);
    }
}
