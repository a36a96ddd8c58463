package io.hashlayers.worker.transformer;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.ConnectedRanks;
import io.hashlayers.worker.collective.ConnectedRanks.Topology;
import io.hashlayers.worker.collective.LocalCollectives;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Runs the same program on several ranks of this JVM, each on its own thread. */
public final class Ranks {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private Ranks() {}

    /** Returns what each rank returned, in rank order; fails with what the first of them threw. */
    public static <T> List<T> run(int worldSize, Function<Collective, T> program) {
        return run(Topology.MEMORY, worldSize, program);
    }

    /** As {@link #run(int, Function)}, with ranks that are connected in a certain way. */
    public static <T> List<T> run(Topology topology, int worldSize, Function<Collective, T> program) {
        ConnectedRanks ranks = new ConnectedRanks();
        List<Collective> collectives = ranks.connect(topology, worldSize, TIMEOUT);
        ExecutorService threads = Executors.newFixedThreadPool(worldSize);
        try {
            List<CompletableFuture<T>> results = collectives.stream()
                    .map(collective -> CompletableFuture.supplyAsync(() -> run(collective, program), threads)
                            .orTimeout(2 * TIMEOUT.toSeconds(), TimeUnit.SECONDS))
                    .toList();
            return results.stream().map(CompletableFuture::join).toList();
        } finally {
            threads.shutdownNow();
            collectives.forEach(Collective::close);
            ranks.close();
        }
    }

    /** The only rank of a world of one. */
    public static Collective alone() {
        return LocalCollectives.create(1, TIMEOUT).get(0);
    }

    private static <T> T run(Collective collective, Function<Collective, T> program) {
        try {
            return program.apply(collective);
        } catch (RuntimeException | Error e) {
            collective.abort(e);
            throw e;
        }
    }
}
