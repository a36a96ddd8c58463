package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import java.util.Arrays;
import java.util.stream.IntStream;

/** How often each token went to each expert of one layer. */
final class RouteCounts {
    /** Counts that are summed over the ranks at once: 512 KiB of each. */
    private static final int CHUNK = 1 << 16;

    private final int tokens;
    private final int numExperts;
    private final double[] counts; // [V, E] row-major; whole numbers, which are exact

    RouteCounts(int tokens, int numExperts) {
        this.tokens = tokens;
        this.numExperts = numExperts;
        this.counts = new double[Math.multiplyExact(tokens, numExperts)];
    }

    /** Counts a row. */
    void add(int token, int expert) {
        counts[token * numExperts + expert]++;
    }

    /** Adds the counts of all ranks, which all call it together. */
    void sum(Collective collective) {
        double[] chunk = new double[CHUNK];
        for (int start = 0; start < counts.length; start += CHUNK) {
            int length = Math.min(CHUNK, counts.length - start);
            System.arraycopy(counts, start, chunk, 0, length);
            Arrays.fill(chunk, length, CHUNK, 0);
            collective.allReduce(chunk);
            System.arraycopy(chunk, 0, counts, start, length);
        }
    }

    /**
     * Returns the experts that each token went to most often, the most frequent first; among equals the lower one.
     *
     * @param k experts for each token
     * @return [V, k] row-major, -1 for all experts of a token that occurred nowhere
     */
    int[] mostFrequent(int k) {
        int[] experts = new int[tokens * k];
        for (int token = 0; token < tokens; token++) {
            int start = token * numExperts;
            boolean seen = IntStream.range(start, start + numExperts).anyMatch(i -> counts[i] > 0);
            for (int choice = 0; choice < k; choice++) {
                experts[token * k + choice] = seen ? best(start, experts, token * k, choice) : -1;
            }
        }
        return experts;
    }

    private int best(int start, int[] experts, int first, int taken) {
        int best = -1;
        for (int expert = 0; expert < numExperts; expert++) {
            if ((best < 0 || counts[start + expert] > counts[start + best])
                    && !contains(experts, first, taken, expert)) {
                best = expert;
            }
        }
        return best;
    }

    private static boolean contains(int[] experts, int first, int length, int expert) {
        for (int i = first; i < first + length; i++) {
            if (experts[i] == expert) {
                return true;
            }
        }
        return false;
    }

    /** Rows that went to the experts of {@link #mostFrequent}. */
    long agreeing(int[] experts, int k) {
        double sum = 0;
        for (int i = 0; i < experts.length; i++) {
            sum += experts[i] < 0 ? 0 : counts[i / k * numExperts + experts[i]];
        }
        return Math.round(sum);
    }

    /** Rows of each expert, [E]. */
    long[] loads() {
        long[] loads = new long[numExperts];
        for (int i = 0; i < counts.length; i++) {
            loads[i % numExperts] += Math.round(counts[i]);
        }
        return loads;
    }
}
