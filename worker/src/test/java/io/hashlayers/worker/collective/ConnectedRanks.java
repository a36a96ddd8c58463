package io.hashlayers.worker.collective;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.jspecify.annotations.Nullable;

/** Ranks of this JVM, connected in all the ways in which ranks can be. */
public final class ConnectedRanks implements AutoCloseable {
    static final int SOCKETS_ONLY = Integer.MAX_VALUE;
    private static final int SHARED_FROM = 100; // bytes: in most tests some messages go either way

    private final List<Endpoint> endpoints = new ArrayList<>();

    /** How the ranks of a test are connected. */
    public enum Topology {
        /** Threads of one JVM. */
        MEMORY,
        /** An endpoint for every rank: all by sockets. */
        SOCKETS,
        /** As that, with large messages in shared memory. */
        SHARED_MEMORY,
        /** Two ranks to an endpoint. */
        MIXED
    }

    /**
     * Connects so many ranks.
     *
     * @param timeout longest wait of a rank in one operation
     */
    public List<Collective> connect(Topology topology, int worldSize, Duration timeout) {
        return topology == Topology.MEMORY
                ? LocalCollectives.create(worldSize, timeout)
                : join(
                        worldSize,
                        topology == Topology.MIXED ? 2 : 1,
                        timeout,
                        Map.of(),
                        null,
                        topology == Topology.SHARED_MEMORY ? SHARED_FROM : SOCKETS_ONLY);
    }

    List<Collective> join(
            int worldSize,
            int ranksPerEndpoint,
            Duration timeout,
            Map<String, String> conf,
            @Nullable SecretKeyHolder secret,
            int sharedFromBytes) {
        List<Endpoint> byRank = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            byRank.add(
                    rank % ranksPerEndpoint == 0
                            ? open(new TransportSettings("127.0.0.1", conf, secret, "app", 1000, sharedFromBytes))
                            : byRank.get(rank - 1));
        }
        List<String> addresses = byRank.stream().map(Endpoint::address).toList();
        return IntStream.range(0, worldSize)
                .mapToObj(rank -> byRank.get(rank).join(rank, addresses, timeout))
                .toList();
    }

    /** Opens an endpoint that is closed with the others. */
    Endpoint open(TransportSettings settings) {
        Endpoint endpoint = new Endpoint(settings);
        endpoints.add(endpoint);
        return endpoint;
    }

    /** The endpoints, in the order in which they were opened. */
    List<Endpoint> endpoints() {
        return endpoints;
    }

    @Override
    public void close() {
        endpoints.forEach(Endpoint::close);
    }
}
