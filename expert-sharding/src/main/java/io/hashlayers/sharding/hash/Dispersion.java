package io.hashlayers.sharding.hash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The rule of {@link ExpertTable#dispersed}, while it runs: what each expert holds so far. */
final class Dispersion {
    private final int[] clusterOfValue; // [V]
    private final long[] counts; // [V]
    private final long[] loads; // [E] occurrences
    private final int[] sizes; // [E] values
    private final Integer[] turn; // [E] experts in the order in which they get the values of a round
    private final int[] experts; // [V]

    Dispersion(int[] clusterOfValue, long[] counts, int numExperts) {
        this.clusterOfValue = clusterOfValue;
        this.counts = counts;
        this.loads = new long[numExperts];
        this.sizes = new int[numExperts];
        this.turn = IntStream.range(0, numExperts).boxed().toArray(Integer[]::new);
        this.experts = new int[counts.length];
    }

    /** Returns the expert of every value, [V]. */
    int[] assign() {
        for (List<Integer> values : clusters()) {
            for (int start = 0; start < values.size(); start += turn.length) {
                dealRound(values.subList(start, Math.min(start + turn.length, values.size())));
            }
        }
        return experts;
    }

    /** The values of each cluster by falling count, the cluster with the largest count first. */
    private Collection<List<Integer>> clusters() {
        Map<Integer, List<Integer>> clusters = new LinkedHashMap<>();
        for (int value : ValueOrder.falling(counts)) {
            clusters.computeIfAbsent(clusterOfValue[value], cluster -> new ArrayList<>())
                    .add(value);
        }
        return clusters.values();
    }

    /** Gives at most one value of a cluster to each expert. */
    private void dealRound(List<Integer> values) {
        int seen = (int) values.stream().takeWhile(value -> counts[value] > 0).count();
        Comparator<Integer> lightest = Comparator.comparingLong(expert -> loads[expert]);
        Comparator<Integer> smallest = Comparator.comparingInt(expert -> sizes[expert]);
        Arrays.sort(turn, lightest.thenComparing(smallest).thenComparing(Comparator.naturalOrder()));
        deal(values, 0, seen);
        Arrays.sort(turn, seen, turn.length, smallest.thenComparing(Comparator.naturalOrder()));
        deal(values, seen, values.size());
    }

    private void deal(List<Integer> values, int from, int to) {
        for (int i = from; i < to; i++) {
            int value = values.get(i);
            int expert = turn[i];
            experts[value] = expert;
            loads[expert] = Math.addExact(loads[expert], counts[value]);
            sizes[expert]++;
        }
    }
}
