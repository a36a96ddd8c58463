package io.hashlayers.driver.bench;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Runs the same program on every rank, each a thread of this JVM. */
final class Ranks {
    private Ranks() {}

    /** Returns what each rank returned, in rank order; if one fails, the others are told and its error is thrown. */
    static <T> List<T> run(List<Collective> collectives, Function<Collective, T> program) {
        ExecutorService threads = Executors.newFixedThreadPool(collectives.size());
        try {
            List<Future<T>> futures = new ArrayList<>();
            for (Collective collective : collectives) {
                futures.add(threads.submit(() -> {
                    try {
                        return program.apply(collective);
                    } catch (RuntimeException | Error e) {
                        collective.abort(e);
                        throw e;
                    }
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get()); // bounded by the deadlines of the collectives
            }
            return results;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TrainingException known) {
                throw known;
            }
            throw new TrainingException(Failure.BUG, "a rank failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.USER, "the benchmark was interrupted", e);
        } finally {
            threads.shutdownNow();
        }
    }
}
