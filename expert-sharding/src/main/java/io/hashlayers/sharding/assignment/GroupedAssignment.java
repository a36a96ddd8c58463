package io.hashlayers.sharding.assignment;

/**
 * Assigns a batch in groups of consecutive rows, all of one size: each as if it were a batch of its own, so that a row's expert
 * depends on the rows of its group alone. Whoever has whole groups of a larger batch assigns them as whoever has all of it.
 */
public final class GroupedAssignment implements BalancedAssignment {
    private final BalancedAssignment ofGroup;
    private final int groups;
    private final float[] scores; // [R / G, E] of one group
    private final int[] expertOfRow; // [R / G] of one group
    private int rounds;

    /**
     * Allocates for batches of one size.
     *
     * @param ofGroup assigns {@code rowsOfGroup} rows to {@code experts}
     * @param groups {@code G}, at least 1
     * @throws IllegalArgumentException if there is no group
     */
    public GroupedAssignment(BalancedAssignment ofGroup, int groups, int rowsOfGroup, int experts) {
        if (groups < 1) {
            throw new IllegalArgumentException(groups + " groups; there must be at least 1");
        }
        this.ofGroup = ofGroup;
        this.groups = groups;
        this.scores = new float[Math.multiplyExact(rowsOfGroup, experts)];
        this.expertOfRow = new int[rowsOfGroup];
    }

    @Override
    public void assign(float[] scoresOfAll, int[] expertOfAll) {
        if (scoresOfAll.length != groups * scores.length || expertOfAll.length != groups * expertOfRow.length) {
            throw new IllegalArgumentException("%d scores and %d rows for %d groups of %d scores and %d rows"
                    .formatted(scoresOfAll.length, expertOfAll.length, groups, scores.length, expertOfRow.length));
        }
        rounds = 0;
        for (int group = 0; group < groups; group++) {
            System.arraycopy(scoresOfAll, group * scores.length, scores, 0, scores.length);
            ofGroup.assign(scores, expertOfRow);
            System.arraycopy(expertOfRow, 0, expertOfAll, group * expertOfRow.length, expertOfRow.length);
            rounds += ofGroup.rounds();
        }
    }

    /** Returns the sum over all groups. */
    @Override
    public int rounds() {
        return rounds;
    }
}
