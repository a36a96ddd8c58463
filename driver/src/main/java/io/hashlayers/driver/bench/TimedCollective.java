package io.hashlayers.driver.bench;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RankActivity;
import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * A collective that notes, while it is asked to, how long this rank waits for the others and how long the exchange
 * itself takes: before each operation that blocks, what was begun is finished and then the ranks meet, and that is the wait. Of
 * operations that are begun it notes both halves: the first is named as it is, the second holds its own waits.
 */
final class TimedCollective implements Collective {
    static final String WAIT = "wait for the other ranks";
    static final String FINISH = "finish what was begun";

    private final Collective inner;
    private @Nullable OperationTimes times;
    private final double[] nothing = new double[1];
    private long begun; // last operation that was

    TimedCollective(Collective inner) {
        this.inner = inner;
    }

    /** Notes operations from now on; all ranks call it together. */
    void noteIn(OperationTimes chosen) {
        times = chosen;
    }

    /** Notes no more; all ranks call it together. */
    void stop() {
        times = null;
    }

    @Override
    public int rank() {
        return inner.rank();
    }

    @Override
    public int worldSize() {
        return inner.worldSize();
    }

    @Override
    public long beginReduceScatter(Matrix values) {
        long start = System.nanoTime();
        long operation = inner.beginReduceScatter(values);
        note("reduce-scatter", values.rows(), values.cols(), leaving(values), start);
        begun = operation;
        return operation;
    }

    @Override
    public long beginAllGather(Matrix values) {
        long start = System.nanoTime();
        long operation = inner.beginAllGather(values);
        note("all-gather", values.rows(), values.cols(), leaving(values), start);
        begun = operation;
        return operation;
    }

    @Override
    public void finish(long operation) {
        long start = System.nanoTime();
        inner.finish(operation);
        note(FINISH, 0, 1, 0, start);
    }

    /** Bytes of a matrix that leave each rank in a reduce-scatter or an all-gather. */
    private double leaving(Matrix values) {
        return (worldSize() - 1.0) / worldSize() * values.size() * Float.BYTES;
    }

    @Override
    public void allReduce(double[] values) {
        long start = meet();
        inner.allReduce(values);
        note("all-reduce of scalars", 1, values.length, (worldSize() - 1.0) * values.length * Double.BYTES, start);
    }

    @Override
    public void allGather(int[] mine, int[] all) {
        long start = meet();
        inner.allGather(mine, all);
        note("all-gather of counts", 1, mine.length, (worldSize() - 1.0) * mine.length * Integer.BYTES, start);
    }

    @Override
    public void allToAll(Matrix send, Matrix receive, RowExchange exchange) {
        long start = meet();
        inner.allToAll(send, receive, exchange);
        long rows = 0;
        for (int peer = 0; peer < worldSize(); peer++) {
            for (int i = 0; peer != rank() && i < exchange.sendSegments(peer); i++) {
                rows += exchange.sendRows(peer, i);
            }
        }
        note("all-to-all", send.rows(), send.cols(), (double) rows * send.cols() * Float.BYTES, start);
    }

    @Override
    public void broadcast(Matrix values, int root) {
        inner.broadcast(values, root);
    }

    @Override
    public long sentBytes() {
        return inner.sentBytes();
    }

    @Override
    public RankActivity activity() {
        return inner.activity();
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        return inner.allGather(mine);
    }

    @Override
    public void abort(Throwable cause) {
        inner.abort(cause);
    }

    @Override
    public void close() {
        inner.close();
    }

    /** Finishes what was begun and waits for the others; returns the time at which the operation itself begins. */
    private long meet() {
        if (times != null) {
            finish(begun);
            long start = System.nanoTime();
            inner.allReduce(nothing);
            times.add(WAIT, 1, 1, 0, 0, 0, System.nanoTime() - start);
        }
        return System.nanoTime();
    }

    private void note(String name, long rows, long cols, double bytes, long start) {
        if (times != null) {
            times.add(name, rows, cols, 0, 0, bytes, System.nanoTime() - start);
        }
    }
}
