package io.hashlayers.driver.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long operations took, summed by name and shape. */
final class OperationTimes {
    private final Map<Key, Sum> sums = new HashMap<>();

    private record Key(String name, long rows, long cols, long inner) {}

    private static final class Sum {
        long calls;
        long nanos;
        double flop;
        double bytes;
    }

    /**
     * Adds a call.
     *
     * @param inner third size of a matrix product, else 0
     * @param flop floating-point operations that it cannot do without; 0 where memory is the limit
     * @param bytes that it must read and write if nothing is in the cache
     */
    void add(String name, long rows, long cols, long inner, double flop, double bytes, long nanos) {
        Sum sum = sums.computeIfAbsent(new Key(name, rows, cols, inner), key -> new Sum());
        sum.calls++;
        sum.nanos += nanos;
        sum.flop += flop;
        sum.bytes += bytes;
    }

    /** What was added, each as it is in one of so many steps, the longest first. */
    List<OperationTime> perStep(int steps) {
        List<OperationTime> times = new ArrayList<>();
        sums.forEach((key, sum) -> times.add(new OperationTime(
                key.name,
                key.rows,
                key.cols,
                key.inner,
                (double) sum.calls / steps,
                sum.nanos * 1e-9 / steps,
                sum.flop / steps,
                sum.bytes / steps)));
        times.sort((a, b) -> Double.compare(b.seconds(), a.seconds()));
        return times;
    }
}
