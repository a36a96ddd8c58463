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
 */
final class MeshCollective implements Collective {
    private final int rank;
    private final List<@Nullable Link> links; // by peer; null for this rank
    private final Operation operation;
    private final FirstFailure failure;
    private final Segments own = new Segments();
    private final Segments incoming = new Segments();
    private final RankOrderSum sum;
    private ByteBuffer scratch = buffer(1 << 12);

    /**
     * @param links by peer, null at {@code rank}
     * @param failure where links record what they hear
     */
    MeshCollective(int rank, List<@Nullable Link> links, FirstFailure failure, Duration timeout) {
        this.rank = rank;
        this.links = links;
        this.failure = failure;
        this.operation = new Operation(rank, timeout);
        this.sum = new RankOrderSum(links.size());
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
        operation.begin("all-to-all");
        int rowBytes = send.cols() * Float.BYTES;
        ByteBuffer from = send.memory();
        ByteBuffer to = receive.memory();
        for (int peer = 0; peer < worldSize(); peer++) {
            Segments outgoing = outgoing(peer);
            for (int i = 0; i < exchange.sendSegments(peer); i++) {
                outgoing.add(
                        from,
                        send.byteOffset() + exchange.sendStart(peer, i) * rowBytes,
                        exchange.sendRows(peer, i) * rowBytes);
            }
            post(peer);
        }
        for (int peer = 0; peer < worldSize(); peer++) {
            Segments target = incoming();
            for (int i = 0; i < exchange.receiveSegments(peer); i++) {
                target.add(
                        to,
                        receive.byteOffset() + exchange.receiveStart(peer, i) * rowBytes,
                        exchange.receiveRows(peer, i) * rowBytes);
            }
            receive(peer);
        }
        release();
        receive.hostWritten();
    }

    @Override
    public void reduceScatter(Matrix values) {
        if (worldSize() == 1) {
            return;
        }
        operation.begin("reduce-scatter");
        ByteBuffer memory = values.memory();
        for (int peer = 0; peer < worldSize(); peer++) {
            outgoing(peer).add(memory, start(values, peer), bytes(values, peer));
            post(peer);
        }
        int mine = bytes(values, rank);
        for (int peer = 0; peer < worldSize(); peer++) {
            Segments part = arrived(peer, mine);
            if (mine > 0) {
                sum.part(peer, part.memory(), part.start());
            }
        }
        sum.write(memory, start(values, rank), mine / Float.BYTES);
        for (int peer = 0; peer < worldSize(); peer++) {
            taken(peer);
        }
        release();
        values.hostWritten();
    }

    @Override
    public void allGather(Matrix values) {
        if (worldSize() == 1) {
            return;
        }
        operation.begin("all-gather");
        ByteBuffer memory = values.memory();
        for (int peer = 0; peer < worldSize(); peer++) {
            outgoing(peer).add(memory, start(values, rank), peer == rank ? 0 : bytes(values, rank));
            post(peer);
        }
        for (int peer = 0; peer < worldSize(); peer++) {
            incoming().add(memory, start(values, peer), peer == rank ? 0 : bytes(values, peer));
            receive(peer);
        }
        release();
        values.hostWritten();
    }

    /** Byte position of a rank's share in the memory of a matrix. */
    private int start(Matrix values, int peer) {
        return values.byteOffset() + Share.of(values.size(), peer, worldSize()).start() * Float.BYTES;
    }

    private int bytes(Matrix values, int peer) {
        return Share.of(values.size(), peer, worldSize()).length() * Float.BYTES;
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
        gatherScratch("all-reduce of scalars", bytes);
        for (int i = 0; i < values.length; i++) {
            double sum = 0;
            for (int peer = 0; peer < worldSize(); peer++) {
                sum += scratch.getDouble(peer * bytes + i * Double.BYTES);
            }
            values[i] = sum;
        }
    }

    /** Sends this rank's part of scratch to all, and fills the parts of the others. */
    private void gatherScratch(String name, int bytes) {
        operation.begin(name);
        for (int peer = 0; peer < worldSize(); peer++) {
            outgoing(peer).add(scratch, rank * bytes, peer == rank ? 0 : bytes);
            post(peer);
        }
        for (int peer = 0; peer < worldSize(); peer++) {
            incoming().add(scratch, peer * bytes, peer == rank ? 0 : bytes);
            receive(peer);
        }
        release();
    }

    @Override
    public void broadcast(Matrix values, int root) {
        operation.begin("broadcast");
        int bytes = Math.toIntExact(values.size() * Float.BYTES);
        ByteBuffer memory = values.memory();
        for (int peer = 0; peer < worldSize(); peer++) {
            outgoing(peer).add(memory, values.byteOffset(), rank == root && peer != root ? bytes : 0);
            post(peer);
        }
        for (int peer = 0; peer < worldSize(); peer++) {
            incoming().add(memory, values.byteOffset(), peer == root && rank != root ? bytes : 0);
            receive(peer);
        }
        release();
        values.hostWritten();
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
        gatherScratch("all-gather of bytes", longest);
        byte[][] all = new byte[worldSize()][];
        for (int peer = 0; peer < all.length; peer++) {
            all[peer] = new byte[(int) lengths[peer]];
            scratch.get(peer * longest, all[peer]);
        }
        return all;
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

    private Segments outgoing(int peer) {
        Link link = links.get(peer);
        Segments segments = link == null ? own : link.outgoing();
        segments.clear();
        return segments;
    }

    /** Where the message of a peer goes, to be filled before {@link #receive}. */
    private Segments incoming() {
        incoming.clear();
        return incoming;
    }

    private void post(int peer) {
        Link link = links.get(peer);
        if (link != null) {
            link.post(operation);
        }
    }

    private void receive(int peer) {
        arrived(peer, incoming.bytes()).copyTo(incoming);
        taken(peer);
    }

    private Segments arrived(int peer, long bytes) {
        Link link = links.get(peer);
        if (link != null) {
            return link.arrived(operation, bytes);
        }
        if (own.bytes() != bytes) {
            throw operation.mismatch("rank " + rank, own.bytes(), bytes);
        }
        return own;
    }

    private void taken(int peer) {
        Link link = links.get(peer);
        if (link != null) {
            link.taken(operation);
        }
    }

    private void release() {
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
