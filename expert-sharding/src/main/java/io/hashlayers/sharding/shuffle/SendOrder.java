package io.hashlayers.sharding.shuffle;

import io.hashlayers.sharding.placement.ExpertPlacement;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The sending half of a {@link ShufflePlan}: a stable counting sort of all (row, choice) that go anywhere by (destination rank,
 * expert).
 */
final class SendOrder {
    final int[] experts; // [R * k] row * k + choice -> expert
    final int[] sourceRows; // [R * k] send slot -> row, stale from starts[W] on
    final int[] slots; // [R * k] row * k + choice -> send slot, NOWHERE for none
    final int[] starts; // [W + 1] first slot of each peer
    final int[][] expertsOf; // [W][] ascending

    private final int k;
    private final int[] counts; // [E] rows for each expert
    private final int[] nextSlots; // [E] first free slot of each expert

    SendOrder(ExpertPlacement placement, int rows, int k) {
        this.k = k;
        this.expertsOf = IntStream.range(0, placement.worldSize())
                .mapToObj(placement::expertsOf)
                .toArray(int[][]::new);
        this.counts = new int[placement.numExperts()];
        this.nextSlots = new int[placement.numExperts()];
        this.experts = new int[rows * k];
        this.sourceRows = new int[rows * k];
        this.slots = new int[rows * k];
        this.starts = new int[placement.worldSize() + 1];
    }

    /** First step: counts rows by expert; what was sorted before stays. */
    void count(int[] experts) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < experts.length; i++) {
            int expert = experts[i];
            if (expert == ShufflePlan.NOWHERE) {
                continue;
            }
            if (expert < 0 || expert >= counts.length) {
                throw new IllegalArgumentException("row " + i / k + ", choice " + i % k + " has expert " + expert
                        + ", there are experts 0 to " + (counts.length - 1) + " and " + ShufflePlan.NOWHERE
                        + " for none");
            }
            counts[expert]++;
        }
    }

    /** Rows for one expert, of the batch counted last. */
    int rowsFor(int expert) {
        return counts[expert];
    }

    /** First slot of what goes to an expert, of the batch sorted last. */
    int start(int expert) {
        return nextSlots[expert] - counts[expert];
    }

    /** Second step: sorts the batch counted last. */
    void sort(int[] counted) {
        System.arraycopy(counted, 0, experts, 0, experts.length);
        int slot = 0;
        for (int peer = 0; peer < expertsOf.length; peer++) {
            starts[peer] = slot;
            for (int expert : expertsOf[peer]) {
                nextSlots[expert] = slot;
                slot += counts[expert];
            }
        }
        starts[expertsOf.length] = slot;
        for (int i = 0; i < experts.length; i++) { // in row order, so the sort is stable
            if (experts[i] == ShufflePlan.NOWHERE) {
                slots[i] = ShufflePlan.NOWHERE;
                continue;
            }
            int taken = nextSlots[experts[i]]++;
            slots[i] = taken;
            sourceRows[taken] = i / k;
        }
    }
}
