package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;

/**
 * Where an endpoint listens, and the token that a message to it must carry; as text {@code host:port#token}.
 *
 * @param token random; whoever has it was at the same rendezvous
 */
record EndpointAddress(String host, int port, long token) {
    static EndpointAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        int hash = text.lastIndexOf('#');
        try {
            return new EndpointAddress(
                    text.substring(0, colon),
                    Integer.parseInt(text.substring(colon + 1, hash)),
                    Long.parseUnsignedLong(text.substring(hash + 1), 16));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new TrainingException(Failure.BUG, "not an endpoint's address: " + text, e);
        }
    }

    @Override
    public String toString() {
        return host + ":" + port + "#" + Long.toHexString(token);
    }
}
