package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Ranks as threads that can gather bytes and nothing else. */
final class Gathering implements Collective {
    private final int rank;
    private final byte[][] slots;
    private final CyclicBarrier barrier;

    private Gathering(int rank, byte[][] slots, CyclicBarrier barrier) {
        this.rank = rank;
        this.slots = slots;
        this.barrier = barrier;
    }

    /** Runs the same program on every rank and returns what each returned. */
    static <T> List<T> run(int worldSize, Function<Collective, T> program) {
        byte[][] slots = new byte[worldSize][];
        CyclicBarrier barrier = new CyclicBarrier(worldSize);
        ExecutorService threads = Executors.newFixedThreadPool(worldSize);
        try {
            List<Future<T>> futures = new ArrayList<>();
            for (int rank = 0; rank < worldSize; rank++) {
                Gathering collective = new Gathering(rank, slots, barrier);
                futures.add(threads.submit(() -> program.apply(collective)));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get(30, TimeUnit.SECONDS));
            }
            return results;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            threads.shutdownNow();
        }
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int worldSize() {
        return slots.length;
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        try {
            slots[rank] = mine;
            barrier.await(30, TimeUnit.SECONDS);
            byte[][] all = slots.clone();
            barrier.await(30, TimeUnit.SECONDS);
            return all;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void allReduce(Matrix values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void allReduce(double[] values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void allToAll(Matrix send, Matrix receive, RowExchange exchange) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void broadcast(Matrix values, int root) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void abort(Throwable cause) {}

    @Override
    public void close() {}
}
