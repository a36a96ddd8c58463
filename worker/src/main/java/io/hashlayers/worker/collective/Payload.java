package io.hashlayers.worker.collective;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one operation: what of it goes to each rank, and where what comes from each rank goes. Filled anew for every
 * operation.
 *
 * <p>Either rows of one matrix go to rows of another, as an exchange says; or both are the same memory, of which every rank has
 * a part: it sends its own to all, or each part to the rank that has it.
 */
final class Payload {
    private final int rank;
    private final int[] starts; // byte positions of the parts, [W + 1]
    private @Nullable RowExchange exchange; // null if the memory is in parts
    private boolean scattering; // each part to the rank that has it
    private @Nullable Matrix sent;
    private @Nullable Matrix received;
    private ByteBuffer scratch = ByteBuffer.allocate(0); // in place of matrices

    Payload(int rank, int worldSize) {
        this.rank = rank;
        this.starts = new int[worldSize + 1];
    }

    /** Rows of one matrix go to rows of another. */
    void rows(Matrix from, Matrix to, RowExchange ways) {
        exchange = ways;
        sent = from;
        received = to;
    }

    /** Each rank's {@link Share} of a matrix goes to that rank, or from that rank to all. */
    void shares(Matrix values, boolean toOwners) {
        parts(values, toOwners);
        for (int peer = 0; peer < starts.length; peer++) {
            starts[peer] = values.byteOffset() + Share.start(values.size(), peer, starts.length - 1) * Float.BYTES;
        }
    }

    /** All of a matrix goes from one rank to all. */
    void whole(Matrix values, int root) {
        parts(values, false);
        for (int peer = 0; peer < starts.length; peer++) {
            starts[peer] = peer <= root ? values.byteOffset() : end(values);
        }
    }

    /** So many bytes of a buffer, one part behind the other, go from each rank to all. */
    void scratch(ByteBuffer buffer, int bytes) {
        exchange = null;
        scattering = false;
        sent = null;
        received = null;
        scratch = buffer;
        for (int peer = 0; peer < starts.length; peer++) {
            starts[peer] = peer * bytes;
        }
    }

    private void parts(Matrix values, boolean toOwners) {
        exchange = null;
        scattering = toOwners;
        sent = values;
        received = values;
    }

    private static int end(Matrix values) {
        return Math.toIntExact(values.byteOffset() + values.size() * Float.BYTES);
    }

    /** Adds to a message what goes to a rank; to this rank itself, what does not stay where it is. */
    void outgoing(int peer, Segments message) {
        if (exchange != null) {
            int rowBytes = rowBytes(sent);
            for (int i = 0; i < exchange.sendSegments(peer); i++) {
                message.add(
                        memory(sent),
                        start(sent) + exchange.sendStart(peer, i) * rowBytes,
                        exchange.sendRows(peer, i) * rowBytes);
            }
        } else if (scattering) {
            addPart(peer, message);
        } else if (peer != rank) {
            addPart(rank, message);
        }
    }

    /** Adds to a target where a rank's message goes, or where the sum goes of what all ranks send. */
    void incoming(int peer, Segments target) {
        if (exchange != null) {
            int rowBytes = rowBytes(received);
            for (int i = 0; i < exchange.receiveSegments(peer); i++) {
                target.add(
                        memory(received),
                        start(received) + exchange.receiveStart(peer, i) * rowBytes,
                        exchange.receiveRows(peer, i) * rowBytes);
            }
        } else if (scattering) {
            addPart(rank, target);
        } else if (peer != rank) {
            addPart(peer, target);
        }
    }

    private void addPart(int owner, Segments to) {
        to.add(memory(sent), starts[owner], starts[owner + 1] - starts[owner]);
    }

    /** What holds the memory of what is sent; null if that is a buffer of the collective itself. */
    @Nullable
    Matrix owner() {
        return sent;
    }

    /** Tells the backend what was received, and keeps nothing. */
    void done() {
        if (received != null) {
            received.hostWritten();
        }
        exchange = null;
        sent = null;
        received = null;
    }

    /** Asked for anew at both ends of an operation: with a device, kernels may have run on the matrix in between. */
    private ByteBuffer memory(@Nullable Matrix matrix) {
        return matrix == null ? scratch : matrix.memory();
    }

    private static int start(@Nullable Matrix matrix) {
        return matrix == null ? 0 : matrix.byteOffset();
    }

    private static int rowBytes(@Nullable Matrix matrix) {
        return matrix == null ? 1 : matrix.cols() * Float.BYTES;
    }
}
