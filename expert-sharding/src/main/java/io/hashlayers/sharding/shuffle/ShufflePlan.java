package io.hashlayers.sharding.shuffle;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.placement.ExpertPlacement;

/**
 * One rank's view of the exchange of one batch in one sparse layer: which rows it sends to whom, in which order, and where
 * the rows that it receives lie.
 *
 * <p>This rank has {@code R} rows, each for {@code k} experts, hence at most {@code R * k} <em>send slots</em>: a (row, choice)
 * that a router drops takes none. Slots are sorted by (destination rank, expert, row, choice), so that what goes to one peer is
 * one run, sorted by the peer's experts. The receiver sorts by (local expert, peer), so that the input of one expert is one
 * run:
 *
 * <pre>
 * send      | to rank 0: expert a, expert c | to rank 1: expert b, expert d | ...
 * received  | expert b: from rank 0, from rank 1, ... | expert d: from rank 0, from rank 1, ... |
 * </pre>
 *
 * <p>The way back is the same map read from right to left. For a hash no rank has to tell another anything: the numbers of rows
 * that it will receive are known from the token ids before training starts.
 *
 * <p>All arrays are allocated by the constructor; {@link #fill} may be called for every batch anew and allocates nothing.
 * Until the first fill the plan has no rows to any peer. Not thread-safe.
 */
public final class ShufflePlan implements ExpertRows {
    /** In place of an expert: this (row, choice) goes nowhere; in place of a slot: it has none. */
    public static final int NOWHERE = -1;

    private final int rank;
    private final int rows;
    private final int k;
    private final int receiveCapacity;
    private final int[] localExperts; // [L] ascending
    private final SendOrder sends;
    private final ReceiveOrder receives;
    private int rounds = 1;

    /**
     * Allocates an empty plan.
     *
     * @param placement rank of every expert
     * @param rank this rank, in {@code [0, W)}
     * @param rows {@code R}, rows of this rank in every batch
     * @param k experts of each row, 1 to {@code E}
     * @param receiveCapacity most rows that this rank may receive in a batch, from all peers together
     * @throws IllegalArgumentException if a number is out of range
     */
    public ShufflePlan(ExpertPlacement placement, int rank, int rows, int k, int receiveCapacity) {
        requireRange(rank, 0, placement.worldSize() - 1, "rank");
        requireRange(k, 1, placement.numExperts(), "k");
        requireRange(rows, 0, Integer.MAX_VALUE / k, "rows");
        requireRange(receiveCapacity, 0, Integer.MAX_VALUE, "receiveCapacity");
        this.rank = rank;
        this.rows = rows;
        this.k = k;
        this.receiveCapacity = receiveCapacity;
        this.localExperts = placement.expertsOf(rank);
        this.sends = new SendOrder(placement, rows, k);
        this.receives = new ReceiveOrder(placement.worldSize(), localExperts.length);
    }

    /**
     * Plans the exchange of a batch in place of the one before. A refused batch leaves the plan as it was.
     *
     * @param experts expert of each (row, choice) or {@link #NOWHERE}, [R * k]; the experts of one row may be in any order; not
     *     kept
     * @param receiveCounts rows that each peer sends to each expert of this rank, the experts ascending, [W][L]; not kept
     * @throws TrainingException of kind {@code DATA} if the planned traffic is not that of this batch: what this rank sends
     *     to its own experts differs; of kind {@code BUG} if more rows come than the capacity
     * @throws IllegalArgumentException if an array has another shape, an expert does not exist or a count is negative
     */
    public void fill(int[] experts, int[][] receiveCounts) {
        fill(experts, receiveCounts, 1);
    }

    /**
     * Plans an exchange in several rounds, each a {@link ShuffleRound}, none of which brings more rows than the capacity.
     *
     * @param inRounds 1 or more, for all ranks the same
     */
    public void fill(int[] experts, int[][] receiveCounts, int inRounds) {
        requireRange(inRounds, 1, Integer.MAX_VALUE, "rounds");
        if (experts.length != rows * k) {
            throw new IllegalArgumentException(
                    experts.length + " experts for " + rows + " rows of " + k + "; there must be " + rows * k);
        }
        sends.count(experts);
        long most = receives.most(receiveCounts, inRounds);
        requireOwnCounts(receiveCounts[rank]);
        requireCapacity(most);
        sends.sort(experts);
        receives.sort(receiveCounts);
        rounds = inRounds;
    }

    /** Returns {@code R}. */
    public int rows() {
        return rows;
    }

    /** Returns {@code k}. */
    public int expertsPerToken() {
        return k;
    }

    /** Returns {@code W}. */
    public int worldSize() {
        return receives.rows.length;
    }

    /** Returns the number of rounds of the exchange, 1 unless it was planned in more. */
    public int rounds() {
        return rounds;
    }

    @Override
    public int localExperts() {
        return localExperts.length;
    }

    /** Returns the number of experts of {@code peer}. */
    int experts(int peer) {
        return sends.expertsOf[peer].length;
    }

    /** Returns the most rows that this rank may receive. */
    public int receiveCapacity() {
        return receiveCapacity;
    }

    /** Returns the rows that this rank sends in all, at most {@code R * k}, those to itself included. */
    public int sendRowsTotal() {
        return sends.starts[worldSize()];
    }

    /** Returns the rows that this rank receives in all, those from itself included. */
    public int receiveRowsTotal() {
        return receives.expertStarts[localExperts.length];
    }

    /**
     * Returns the row of each send slot, [R * k], of which the first {@link #sendRowsTotal} mean something and the others
     * are any rows of this rank. The plan's own array: valid until the next fill, not to be changed.
     */
    public int[] sourceRows() {
        return sends.sourceRows;
    }

    /**
     * Returns the send slot of each {@code row * k + choice}, [R * k]: each of the first {@link #sendRowsTotal} once, and
     * {@link #NOWHERE} for what goes nowhere. The plan's own array: valid until the next fill, not to be changed.
     */
    public int[] slots() {
        return sends.slots;
    }

    /**
     * Returns the expert of each {@code row * k + choice}, [R * k], or {@link #NOWHERE}. The plan's own array: valid until the
     * next fill, not to be changed.
     */
    public int[] experts() {
        return sends.experts;
    }

    /** Returns the first send slot of what goes to {@code peer}. */
    public int sendStart(int peer) {
        return sends.starts[peer];
    }

    /** Returns the number of send slots, one run, that go to {@code peer}. */
    public int sendRows(int peer) {
        return sends.starts[peer + 1] - sends.starts[peer];
    }

    /** Returns the first send slot of what goes to an expert of {@code peer}. */
    int sendStart(int peer, int expert) {
        return sends.start(sends.expertsOf[peer][expert]);
    }

    /** Returns the number of send slots, one run, that go to an expert of {@code peer}. */
    int sendRows(int peer, int expert) {
        return sends.rowsFor(sends.expertsOf[peer][expert]);
    }

    /**
     * Returns the first received row of what {@code peer} sends to an expert. The segments of one peer are filled in the
     * order of the local experts.
     */
    public int receiveStart(int peer, int localExpert) {
        return receives.starts[peer][localExpert];
    }

    /** Returns the number of rows that {@code peer} sends to an expert. */
    public int receiveRows(int peer, int localExpert) {
        return receives.rows[peer][localExpert];
    }

    @Override
    public int expertStart(int localExpert) {
        return receives.expertStarts[localExpert];
    }

    @Override
    public int expertRows(int localExpert) {
        return receives.expertStarts[localExpert + 1] - receives.expertStarts[localExpert];
    }

    private void requireCapacity(long most) {
        if (most > receiveCapacity) {
            throw new TrainingException(
                    Failure.BUG,
                    "rank %d would receive %d rows and has room for %d; please report this with the run's plan manifest"
                            .formatted(rank, most, receiveCapacity));
        }
    }

    private void requireOwnCounts(int[] planned) {
        for (int local = 0; local < localExperts.length; local++) {
            int actual = sends.rowsFor(localExperts[local]);
            if (planned[local] != actual) {
                throw new TrainingException(
                        Failure.DATA,
                        "rank %d has %d rows for its expert %d where the planned traffic says %d, so the plan is not of this dataset, table and batch order; delete the run's plan folder to plan anew"
                                .formatted(rank, actual, localExperts[local], planned[local]));
            }
        }
    }

    private static void requireRange(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
