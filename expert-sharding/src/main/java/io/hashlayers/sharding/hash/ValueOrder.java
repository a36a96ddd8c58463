package io.hashlayers.sharding.hash;

import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The order in which values are dealt out: frequent ones before rare ones, those never counted last. */
final class ValueOrder {
    private ValueOrder() {}

    /** From the most to the least frequent, equal counts by the lower value. */
    static int[] falling(long[] counts) {
        for (int value = 0; value < counts.length; value++) {
            if (counts[value] < 0) {
                throw new IllegalArgumentException("count of value " + value + " is negative: " + counts[value]);
            }
        }
        return IntStream.range(0, counts.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingLong(value -> counts[value])
                        .reversed()
                        .thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /**
     * From the most to the least frequent by powers of two, in a random order among counts of {@code [2^j, 2^(j+1))} and among
     * those never counted: whatever comes before a count is more than half of it.
     */
    static int[] nearlyFalling(long[] counts, SplittableRandom random) {
        int[] order = falling(counts);
        int start = 0;
        for (int end = 1; end <= order.length; end++) {
            if (end == order.length || magnitude(counts[order[end]]) != magnitude(counts[order[start]])) {
                shuffle(order, start, end, random);
                start = end;
            }
        }
        return order;
    }

    /** Shuffles {@code values[from .. to)}, every order equally likely (Fisher and Yates). */
    static void shuffle(int[] values, int from, int to, SplittableRandom random) {
        for (int i = from; i < to - 1; i++) {
            int drawn = random.nextInt(i, to);
            int value = values[drawn];
            values[drawn] = values[i];
            values[i] = value;
        }
    }

    private static int magnitude(long count) {
        return Long.SIZE - Long.numberOfLeadingZeros(count);
    }
}
