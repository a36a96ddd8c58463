package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The ranks of one JVM on the network: one for all of them, made before the rendezvous and joined after it.
 *
 * <p>Ranks whose endpoint has the same address exchange by memory, others over Spark's transport; on one machine that carries the
 * signals and shared memory the bytes. Bytes from the network are
 * never deserialized as objects; a message that is not the one expected closes its connection and disturbs nothing else: a rank
 * is heard on the first connection that spoke for it, and on no other.
 * Thread-safe.
 */
public final class Endpoint implements AutoCloseable {
    private final TransportSettings settings;
    private final SparkTransport transport;
    private final EndpointAddress address;
    private final Inbox inbox;
    private final Map<Pair, LocalLink[]> local = new ConcurrentHashMap<>();

    private record Pair(int low, int high) {}

    /** Starts to listen on the host of the settings. */
    public Endpoint(TransportSettings settings) {
        this.settings = settings;
        this.inbox = new Inbox(new SecureRandom().nextLong());
        this.transport = new SparkTransport(settings, inbox);
        this.address = new EndpointAddress(settings.host(), transport.port(), inbox.token(), SharedMemory.place());
    }

    /** {@code host:port#token@place}, for the rendezvous; the token keeps out strays of other runs. */
    public String address() {
        return address.toString();
    }

    /**
     * Connects one rank of this JVM with all others.
     *
     * @param addressesByRank the address of every rank's endpoint
     * @param timeout longest wait of the rank in one operation
     * @throws TrainingException of kind PEER_LOST if an endpoint cannot be reached or refuses us
     */
    public Collective join(int rank, List<String> addressesByRank, Duration timeout) {
        FirstFailure failure = inbox.failureOf(rank);
        List<@Nullable Link> links = new ArrayList<>();
        for (int peer = 0; peer < addressesByRank.size(); peer++) {
            EndpointAddress where = EndpointAddress.parse(addressesByRank.get(peer));
            if (peer == rank) {
                links.add(null);
            } else if (where.equals(address)) {
                links.add(localLink(rank, peer));
            } else {
                links.add(remoteLink(rank, peer, where, failure));
            }
        }
        return new MeshCollective(rank, links, failure, timeout);
    }

    private Link localLink(int rank, int peer) {
        int low = Math.min(rank, peer);
        int high = Math.max(rank, peer);
        LocalLink[] ends = local.computeIfAbsent(
                new Pair(low, high), pair -> LocalLink.pair(low, inbox.failureOf(low), high, inbox.failureOf(high)));
        return ends[rank == low ? 0 : 1];
    }

    private Link remoteLink(int rank, int peer, EndpointAddress where, FirstFailure failure) {
        try {
            return new RemoteLink(
                    rank,
                    peer,
                    where,
                    transport.connect(where.host(), where.port()),
                    inbox.from(peer, rank),
                    failure,
                    settings.maxMessageBytes(),
                    where.sharesMemoryWith(address) ? settings.sharedFromBytes() : Integer.MAX_VALUE);
        } catch (IOException | RuntimeException e) {
            throw new TrainingException(
                    Failure.PEER_LOST,
                    "rank %d cannot reach rank %d at %s:%d: %s"
                            .formatted(rank, peer, where.host(), where.port(), e.getMessage()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "rank " + rank + " was told to stop while it connected", e);
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}
