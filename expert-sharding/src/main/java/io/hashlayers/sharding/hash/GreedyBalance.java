package io.hashlayers.sharding.hash;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/** The greedy rule of {@link ExpertTable#balanced}, while it runs: what each expert holds so far. */
final class GreedyBalance {
    private final int numExperts;
    private final int k;
    private final long[] loads; // [E] occurrences
    private final int[] sizes; // [E] values

    GreedyBalance(int numExperts, int k) {
        this.numExperts = numExperts;
        this.k = k;
        this.loads = new long[numExperts];
        this.sizes = new int[numExperts];
    }

    /**
     * Deals out every value.
     *
     * @param order all values, those never counted last
     * @return experts of every value, [V, k] row-major
     */
    int[] assign(long[] counts, int[] order) {
        var experts = new int[counts.length * k];
        dealAll(order, counts, experts);
        return experts;
    }

    /**
     * Deals out the values without experts, on top of what the others bring.
     *
     * @param order all values, those never counted last
     * @param experts of every value, [V, k] row-major, negative where they are wanted
     */
    void complete(long[] counts, int[] order, int[] experts) {
        for (int i = 0; i < experts.length; i++) {
            if (experts[i] >= 0) {
                loads[experts[i]] = Math.addExact(loads[experts[i]], counts[i / k]);
                sizes[experts[i]]++;
            }
        }
        int[] wanting =
                IntStream.of(order).filter(value -> experts[value * k] < 0).toArray();
        dealAll(wanting, counts, experts);
    }

    private void dealAll(int[] order, long[] counts, int[] experts) {
        int seen = 0;
        while (seen < order.length && counts[order[seen]] > 0) {
            seen++;
        }
        deal(order, 0, seen, counts, experts, Comparator.comparingLong(expert -> loads[expert]));
        deal(order, seen, order.length, counts, experts, Comparator.comparingInt(expert -> sizes[expert]));
    }

    /** Gives the values {@code order[from .. to)} in turn to the {@code k} first experts in the given order. */
    private void deal(int[] order, int from, int to, long[] counts, int[] experts, Comparator<Integer> emptiest) {
        var queue = new PriorityQueue<Integer>(emptiest.thenComparing(Comparator.naturalOrder()));
        IntStream.range(0, numExperts).forEach(queue::add);
        for (int i = from; i < to; i++) {
            int value = order[i];
            for (int choice = 0; choice < k; choice++) {
                experts[value * k + choice] = queue.remove();
            }
            for (int choice = 0; choice < k; choice++) {
                int expert = experts[value * k + choice]; // not in the queue, so its keys may change
                loads[expert] = Math.addExact(loads[expert], counts[value]);
                sizes[expert]++;
                queue.add(expert);
            }
        }
    }
}
