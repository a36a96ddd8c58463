package io.hashlayers.worker.collective;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collectives out of one primitive: every rank sends one message to every other and receives one from each.
 *
 * <p>An all-reduce is a reduce-scatter, whose sums run in rank order so that every rank gets the same bits, and an all-gather:
 * {@code (W - 1) / W} of the data leave each rank in each.
 *
 * <p>An operation begins by posting all its messages and is finished by taking those of the others. Since all ranks begin the
 * same operations in the same order, and wait only in an operation whose own messages they have posted, the first operation
 * that anyone waits in has been, or will be, begun by all.
 */
final class MeshCollective implements Collective {
    private final int rank;
    private final String name;
    private final List<@Nullable Link> links; // by peer; null for this rank
    private final Operation[] window = new Operation[WINDOW]; // operation s is at s % WINDOW
    private final FirstFailure failure;
    private final RankActivity activity = new RankActivity();
    private final Segments own = new Segments();
    private final Segments incoming = new Segments();
    private final RankOrderSum sum;
    private long atOnce; // operations begun in this lane
    private long overlapping; // and in the other
    private long begun; // last operation that was
    private long finished; // last operation that was, with all before it
    private long sentBytes;
    private ByteBuffer scratch = buffer(1 << 12);

    /**
     * @param links by peer, null at {@code rank}
     * @param failure where links record what they hear
     */
    MeshCollective(int rank, List<@Nullable Link> links, FirstFailure failure, Duration timeout) {
        this.rank = rank;
        this.name = "rank " + rank;
        this.links = links;
        this.failure = failure;
        this.sum = new RankOrderSum(links.size());
        for (int i = 0; i < window.length; i++) {
            window[i] = new Operation(rank, links.size(), timeout);
        }
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int worldSize() {
        return links.size();
    }

    @Override
    public void allToAll(Matrix send, Matrix receive, RowExchange exchange) {
        Operation operation = next(Kind.ALL_TO_ALL);
        operation.payload().rows(send, receive, exchange);
        finish(post(operation));
    }

    @Override
    public long beginReduceScatter(Matrix values) {
        return beginShares(Kind.REDUCE_SCATTER, values);
    }

    @Override
    public long beginAllGather(Matrix values) {
        return beginShares(Kind.ALL_GATHER, values);
    }

    private long beginShares(Kind kind, Matrix values) {
        if (worldSize() == 1) {
            return begun; // nothing to exchange
        }
        Operation operation = next(kind);
        operation.payload().shares(values, kind == Kind.REDUCE_SCATTER);
        return post(operation);
    }

    @Override
    public void broadcast(Matrix values, int root) {
        Operation operation = next(Kind.BROADCAST);
        operation.payload().whole(values, root);
        finish(post(operation));
    }

    @Override
    public void allReduce(double[] values) {
        if (worldSize() == 1) {
            return;
        }
        int bytes = values.length * Double.BYTES;
        reserve((long) worldSize() * bytes);
        for (int i = 0; i < values.length; i++) {
            scratch.putDouble(rank * bytes + i * Double.BYTES, values[i]);
        }
        gatherScratch(Kind.SCALARS, bytes);
        for (int i = 0; i < values.length; i++) {
            double sum = 0;
            for (int peer = 0; peer < worldSize(); peer++) {
                sum += scratch.getDouble(peer * bytes + i * Double.BYTES);
            }
            values[i] = sum;
        }
    }

    @Override
    public void allGather(int[] mine, int[] all) {
        if (all.length != worldSize() * mine.length) {
            throw new IllegalArgumentException(
                    all.length + " places for " + mine.length + " numbers of each of " + worldSize() + " ranks");
        }
        if (worldSize() == 1) {
            System.arraycopy(mine, 0, all, 0, mine.length);
            return;
        }
        int bytes = mine.length * Integer.BYTES;
        reserve((long) worldSize() * bytes);
        for (int i = 0; i < mine.length; i++) {
            scratch.putInt(rank * bytes + i * Integer.BYTES, mine[i]);
        }
        gatherScratch(Kind.COUNTS, bytes);
        for (int i = 0; i < all.length; i++) {
            all[i] = scratch.getInt(i * Integer.BYTES);
        }
    }

    /** Sends this rank's part of scratch to all, and fills the parts of the others. */
    private void gatherScratch(Kind kind, int bytes) {
        Operation operation = next(kind);
        operation.payload().scratch(scratch, bytes);
        finish(post(operation));
    }

    @Override
    public byte[][] allGather(byte[] mine) {
        double[] lengths = new double[worldSize()];
        lengths[rank] = mine.length;
        allReduce(lengths);
        int longest = 0;
        for (double length : lengths) {
            longest = Math.max(longest, (int) length);
        }
        reserve((long) worldSize() * longest);
        scratch.put(rank * longest, mine);
        gatherScratch(Kind.BYTES, longest);
        byte[][] all = new byte[worldSize()][];
        for (int peer = 0; peer < all.length; peer++) {
            all[peer] = new byte[(int) lengths[peer]];
            scratch.get(peer * longest, all[peer]);
        }
        return all;
    }

    @Override
    public long sentBytes() {
        return sentBytes;
    }

    @Override
    public RankActivity activity() {
        return activity;
    }

    @Override
    public void abort(Throwable cause) {
        String reason = FirstFailure.reasonOf(rank, cause);
        failure.record(reason);
        for (Link link : links) {
            if (link != null) {
                link.abort(reason);
            }
        }
    }

    @Override
    public void close() {
        for (Link link : links) {
            if (link != null) {
                link.close();
            }
        }
    }

    /** The next operation, its payload to be filled before {@link #post}. */
    private Operation next(Kind kind) {
        if (begun - finished == WINDOW) {
            finish(finished + 1);
        }
        begun++;
        Lane lane = kind.lane();
        Operation operation = operation(begun);
        operation.begin(kind, begun, lane.buffer(lane == Lane.AT_ONCE ? atOnce++ : overlapping++));
        return operation;
    }

    private Operation operation(long sequence) {
        return window[(int) (sequence % WINDOW)];
    }

    private long post(Operation operation) {
        for (int peer = 0; peer < worldSize(); peer++) {
            Link link = links.get(peer);
            if (link != null) {
                Segments message = link.outgoing(operation);
                message.clear();
                operation.payload().outgoing(peer, message);
                sentBytes += message.bytes();
                link.post(operation);
            }
        }
        return operation.sequence();
    }

    /** Takes what the others sent in each operation, and only then waits until they have taken what was sent to them. */
    @Override
    public void finish(long sequence) {
        if (sequence > begun) {
            throw new IllegalArgumentException(
                    "operation " + sequence + " was not begun; the last that was is operation " + begun);
        }
        if (sequence <= finished) {
            return;
        }
        for (long next = finished + 1; next <= sequence; next++) {
            Operation operation = operation(next);
            operation.waitFromNow();
            activity.waits(operation);
            if (operation.kind() == Kind.REDUCE_SCATTER) {
                sum(operation);
            } else {
                copy(operation);
            }
        }
        release(operation(sequence));
        for (long next = finished + 1; next <= sequence; next++) {
            operation(next).payload().done();
        }
        finished = sequence;
        activity.computes();
    }

    private void copy(Operation operation) {
        for (int peer = 0; peer < worldSize(); peer++) {
            incoming.clear();
            operation.payload().incoming(peer, incoming);
            arrived(operation, peer).copyTo(incoming);
            taken(operation, peer);
        }
    }

    private void sum(Operation operation) {
        incoming.clear();
        operation.payload().incoming(rank, incoming);
        for (int peer = 0; peer < worldSize(); peer++) {
            Segments part = arrived(operation, peer);
            if (incoming.bytes() > 0) {
                sum.part(peer, part.memory(), part.start());
            }
        }
        if (incoming.bytes() > 0) {
            sum.write(incoming.memory(), incoming.start(), (int) (incoming.bytes() / Float.BYTES));
        }
        for (int peer = 0; peer < worldSize(); peer++) {
            taken(operation, peer);
        }
    }

    /** The message of a peer, which must be as long as {@link #incoming}. */
    private Segments arrived(Operation operation, int peer) {
        Link link = links.get(peer);
        if (link != null) {
            return link.arrived(operation, incoming.bytes());
        }
        own.clear();
        operation.payload().outgoing(rank, own);
        operation.require(name, operation.kind(), own.bytes(), incoming.bytes());
        return own;
    }

    private void taken(Operation operation, int peer) {
        Link link = links.get(peer);
        if (link != null) {
            link.taken(operation);
        }
    }

    private void release(Operation operation) {
        for (int peer = 0; peer < worldSize(); peer++) {
            Link link = links.get(peer);
            if (link != null) {
                link.release(operation);
            }
        }
    }

    private void reserve(long bytes) {
        if (scratch.capacity() < bytes) {
            scratch = buffer(Math.toIntExact(bytes));
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
