package io.hashlayers.worker.router;

import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.parameter.Seeds;

/**
 * A random exchange of equal parts: each rank sends {@code R / W} of its rows, drawn anew for each batch, to every rank. It is its own
 * way back: what came from a rank returns to it, to the places where its rows lay.
 */
public final class RowShuffle implements RowExchange {
    private final int rank;
    private final int part; // R / W
    private final long seed;
    private final int[] order; // [R] the row in each place of what leaves
    private final int[] slots; // [R] the place of each row

    /**
     * @param rows {@code R}, which worldSize divides
     * @param seed of the run and layer
     */
    public RowShuffle(int rows, int rank, int worldSize, long seed) {
        this.rank = rank;
        this.part = rows / worldSize;
        this.seed = seed;
        this.order = new int[rows];
        this.slots = new int[rows];
        for (int row = 0; row < rows; row++) {
            order[row] = row;
        }
    }

    /** Draws the rows of a batch (Fisher and Yates' shuffle); depends on the seed, the step, the first row and the rank alone. */
    public void draw(long step, long firstRow) {
        for (int row = 0; row < order.length; row++) {
            order[row] = row;
        }
        long state = Seeds.of(Seeds.of(seed, step, firstRow), rank, 0);
        for (int last = order.length - 1; last > 0; last--) {
            state = Seeds.of(state, last, 0);
            int chosen = (int) Long.remainderUnsigned(state, last + 1L);
            int row = order[chosen];
            order[chosen] = order[last];
            order[last] = row;
        }
        for (int place = 0; place < order.length; place++) {
            slots[order[place]] = place;
        }
    }

    /** The row in each place of what leaves, [R]; this object's own array. */
    public int[] order() {
        return order;
    }

    /** The place of each row in what leaves, and in what comes back, [R]; this object's own array. */
    public int[] slots() {
        return slots;
    }

    @Override
    public int sendSegments(int peer) {
        return 1;
    }

    @Override
    public int sendStart(int peer, int segment) {
        return peer * part;
    }

    @Override
    public int sendRows(int peer, int segment) {
        return part;
    }

    @Override
    public int receiveSegments(int peer) {
        return 1;
    }

    @Override
    public int receiveStart(int peer, int segment) {
        return peer * part;
    }

    @Override
    public int receiveRows(int peer, int segment) {
        return part;
    }
}
