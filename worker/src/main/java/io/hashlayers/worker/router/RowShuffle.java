package io.hashlayers.worker.router;

import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.parameter.Seeds;

/**
 * A random exchange of equal parts between {@code G} groups of consecutive rows of a batch, of which every rank has as many: each
 * group sends an equal part of its rows, drawn anew for each batch, to every group. With a group for each rank, each sends {@code
 * R / W} of its rows to every rank. It is its own way back: what came from a group returns to it, to the places where its rows lay.
 *
 * <p>What a group gets depends on the groups alone, not on which rank has which.
 */
public final class RowShuffle implements RowExchange {
    private final int firstGroup; // of this rank
    private final int groups; // n = G / W of each rank
    private final int groupRows; // R / n
    private final int part; // rows from a group to a group
    private final long seed;
    private final int[] order; // [R] the row in each place of what leaves
    private final int[] slots; // [R] the place of each row

    /**
     * @param rows {@code R} of this rank; those of a group divide by the groups
     * @param allGroups {@code G}, a multiple of worldSize
     * @param seed of the run and layer
     */
    public RowShuffle(int rows, int rank, int worldSize, int allGroups, long seed) {
        this.groups = allGroups / worldSize;
        this.firstGroup = rank * groups;
        this.groupRows = rows / groups;
        this.part = groupRows / allGroups;
        this.seed = seed;
        this.order = new int[rows];
        this.slots = new int[rows];
        for (int row = 0; row < rows; row++) {
            order[row] = row;
        }
    }

    /**
     * Draws the rows of a batch (Fisher and Yates' shuffle of each group); depends on the seed, the step, and the numbers of a group
     * and of its first row alone.
     *
     * @param firstRow number of this rank's first row in the global batch
     */
    public void draw(long step, long firstRow) {
        for (int row = 0; row < order.length; row++) {
            order[row] = row;
        }
        for (int group = 0; group < groups; group++) {
            int start = group * groupRows;
            shuffle(start, Seeds.of(Seeds.of(seed, step, firstRow + start), firstGroup + group, 0));
        }
        for (int place = 0; place < order.length; place++) {
            slots[order[place]] = place;
        }
    }

    private void shuffle(int start, long seedOfGroup) {
        long state = seedOfGroup;
        for (int last = groupRows - 1; last > 0; last--) {
            state = Seeds.of(state, last, 0);
            int chosen = start + (int) Long.remainderUnsigned(state, last + 1L);
            int row = order[chosen];
            order[chosen] = order[start + last];
            order[start + last] = row;
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

    /** One for each group of this rank: its parts for the groups of a peer lie one behind the other. */
    @Override
    public int sendSegments(int peer) {
        return groups;
    }

    @Override
    public int sendStart(int peer, int segment) {
        return segment * groupRows + peer * groups * part;
    }

    @Override
    public int sendRows(int peer, int segment) {
        return groups * part;
    }

    /** One for each group of the peer and, within, each group of this rank: the order in which the peer sends. */
    @Override
    public int receiveSegments(int peer) {
        return groups * groups;
    }

    @Override
    public int receiveStart(int peer, int segment) {
        int from = segment / groups;
        int to = segment % groups;
        return to * groupRows + (peer * groups + from) * part;
    }

    @Override
    public int receiveRows(int peer, int segment) {
        return part;
    }
}
