package io.hashlayers.sharding.shuffle;

/**
 * A part of the exchange of a plan: round i of n takes of each run of rows from a rank to an expert the i-th of n parts, which
 * differ by one row at most. The received rows of a round lie as those of a plan do, from row 0 on; send slots are those of the
 * plan.
 *
 * <p>For exchanges whose rows a rank has no room for at once. All arrays are allocated by the constructor. Not thread-safe.
 */
public final class ShuffleRound implements ExpertRows {
    private final ShufflePlan plan;
    private final int[][] starts; // [W][L] first received row of each segment
    private final int[] expertStarts; // [L + 1]
    private int round;

    /** Makes a view of a plan, to be moved to a round of it. */
    public ShuffleRound(ShufflePlan plan) {
        this.plan = plan;
        this.starts = new int[plan.worldSize()][plan.localExperts()];
        this.expertStarts = new int[plan.localExperts() + 1];
    }

    /** Rows of a run that are exchanged in a round at most. */
    static int most(int rows, int rounds) {
        return (rows + rounds - 1) / rounds;
    }

    /**
     * Shows a round of the batch that the plan was filled with last.
     *
     * @param number from 0 to less than {@link ShufflePlan#rounds}
     */
    public void moveTo(int number) {
        round = number;
        int row = 0;
        for (int local = 0; local < plan.localExperts(); local++) {
            expertStarts[local] = row;
            for (int peer = 0; peer < starts.length; peer++) {
                starts[peer][local] = row;
                row += receiveRows(peer, local);
            }
        }
        expertStarts[plan.localExperts()] = row;
    }

    /** Returns the number of experts of a peer. */
    public int experts(int peer) {
        return plan.experts(peer);
    }

    /** Returns the first send slot of what goes to an expert of a peer. */
    public int sendStart(int peer, int expert) {
        return plan.sendStart(peer, expert) + before(plan.sendRows(peer, expert), round);
    }

    /** Returns the number of send slots, one run, that go to an expert of a peer. */
    public int sendRows(int peer, int expert) {
        return part(plan.sendRows(peer, expert));
    }

    /** Returns the first received row of what a peer sends to an expert of this rank. */
    public int receiveStart(int peer, int localExpert) {
        return starts[peer][localExpert];
    }

    /** Returns the number of rows that a peer sends to an expert of this rank. */
    public int receiveRows(int peer, int localExpert) {
        return part(plan.receiveRows(peer, localExpert));
    }

    @Override
    public int localExperts() {
        return plan.localExperts();
    }

    @Override
    public int expertStart(int localExpert) {
        return expertStarts[localExpert];
    }

    @Override
    public int expertRows(int localExpert) {
        return expertStarts[localExpert + 1] - expertStarts[localExpert];
    }

    private int part(int rows) {
        return before(rows, round + 1) - before(rows, round);
    }

    private int before(int rows, int rounds) {
        return (int) ((long) rows * rounds / plan.rounds());
    }
}
