package io.hashlayers.sharding.shuffle;

/** The receiving half of a {@link ShufflePlan}: segments of rows sorted by (local expert, peer). */
final class ReceiveOrder {
    final int[][] starts; // [W][L] first row of each segment
    final int[][] rows; // [W][L]
    final int[] expertStarts; // [L + 1] first row of each expert

    private final int localExperts;

    ReceiveOrder(int worldSize, int localExperts) {
        this.localExperts = localExperts;
        this.starts = new int[worldSize][localExperts];
        this.rows = new int[worldSize][localExperts];
        this.expertStarts = new int[localExperts + 1];
    }

    /** First step: the most rows in any of so many rounds; what was sorted before stays. */
    long most(int[][] counts, int rounds) {
        if (counts.length != rows.length) {
            throw new IllegalArgumentException(
                    "receiveCounts is of " + counts.length + " ranks, there are " + rows.length);
        }
        long most = 0;
        for (int peer = 0; peer < counts.length; peer++) {
            if (counts[peer].length != localExperts) {
                throw new IllegalArgumentException("receiveCounts of rank " + peer + " is of " + counts[peer].length
                        + " experts, this rank has " + localExperts);
            }
            for (int count : counts[peer]) {
                if (count < 0) {
                    throw new IllegalArgumentException("a receive count of rank " + peer + " is negative: " + count);
                }
                most += ShuffleRound.most(count, rounds);
            }
        }
        return most;
    }

    /** Second step: lays the segments out. */
    void sort(int[][] counts) {
        int row = 0;
        for (int local = 0; local < localExperts; local++) {
            expertStarts[local] = row;
            for (int peer = 0; peer < counts.length; peer++) {
                starts[peer][local] = row;
                rows[peer][local] = counts[peer][local];
                row += counts[peer][local];
            }
        }
        expertStarts[localExperts] = row;
    }
}
