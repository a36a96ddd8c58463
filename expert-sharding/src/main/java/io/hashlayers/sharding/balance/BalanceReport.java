package io.hashlayers.sharding.balance;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How even a text spreads over experts and ranks.
 *
 * @param tokens {@code T}, tokens counted, at least 1
 * @param expertsPerToken {@code k}
 * @param unitsPerExpert 1, or the segments of each expert; then what is said here of experts holds of each of these units
 * @param heaviestCount occurrences of the most frequent value
 * @param expertLoads rows of each expert, [E], in sum {@code k * T}
 * @param expertsOnRank experts of each rank, [W]
 * @param rankLoads rows of each rank, [W], in sum {@code k * T}
 */
public record BalanceReport(
        long tokens,
        int expertsPerToken,
        int unitsPerExpert,
        long heaviestCount,
        List<Long> expertLoads,
        List<Integer> expertsOnRank,
        List<Long> rankLoads) {
    public BalanceReport {
        expertLoads = List.copyOf(expertLoads);
        expertsOnRank = List.copyOf(expertsOnRank);
        rankLoads = List.copyOf(rankLoads);
    }

    /**
     * Reports on a text.
     *
     * @param counts occurrences of each value of the table, [V]
     * @throws IllegalArgumentException if nothing was counted, or the sizes of the three disagree
     */
    public static BalanceReport of(ExpertTable table, long[] counts, ExpertPlacement placement) {
        return of(table.loads(counts), table.expertsPerToken(), 1, new long[][] {counts}, placement);
    }

    /**
     * Reports on a text by the units of a hash, which here are called experts.
     *
     * @param counts occurrences of each value, for each part of the hash in turn, [parts][V]
     * @param placement of the units
     * @throws IllegalArgumentException if nothing was counted, the sizes of the three disagree, or the parts counted
     *     different numbers of tokens
     */
    public static BalanceReport of(ExpertHash hash, long[][] counts, ExpertPlacement placement) {
        return of(hash.loads(counts), hash.choices(), hash.unitsPerExpert(), counts, placement);
    }

    private static BalanceReport of(
            long[] loads, int choices, int unitsPerExpert, long[][] counts, ExpertPlacement placement) {
        long[] tokens = Arrays.stream(counts)
                .mapToLong(ofPart -> Arrays.stream(ofPart).reduce(0, Math::addExact))
                .distinct()
                .toArray();
        if (tokens.length > 1) {
            throw new IllegalArgumentException(
                    "the parts of the hash counted different texts, of " + Arrays.toString(tokens) + " tokens");
        }
        if (tokens[0] < 1) {
            throw new IllegalArgumentException("no token was counted, so there is no balance to report");
        }
        return new BalanceReport(
                tokens[0],
                choices,
                unitsPerExpert,
                Arrays.stream(counts).flatMapToLong(Arrays::stream).max().orElseThrow(),
                Arrays.stream(loads).boxed().toList(),
                IntStream.range(0, placement.worldSize())
                        .map(rank -> placement.expertsOf(rank).length)
                        .boxed()
                        .toList(),
                Arrays.stream(placement.rankLoads(loads)).boxed().toList());
    }

    /** Returns the part of all rows that an expert gets; 1/E is even. */
    public double expertShare(int expert) {
        return (double) expertLoads.get(expert) / rows();
    }

    /** Returns the part of all rows that a rank gets; 1/W is even. */
    public double rankShare(int rank) {
        return (double) rankLoads.get(rank) / rows();
    }

    /** Returns MaxVio of the experts, {@code max / mean - 1}: 0 is even, {@code E - 1} is all on one expert. */
    public double maxVio() {
        return maxOverMean(expertLoads) - 1;
    }

    /**
     * Returns what MaxVio of any table from these values to {@code k} different experts each is at least:
     * {@code max(0, c * E / (k * T) - 1)} with {@code c} the count of the most frequent value, because each of its experts
     * gets {@code c} rows and the mean is {@code k * T / E}. The same holds of the units of a hash.
     */
    public double maxVioBound() {
        double mean = (double) rows() / expertLoads.size();
        return Math.max(0, heaviestCount / mean - 1);
    }

    /** Returns the experts, ascending, that get no row. */
    public List<Integer> deadExperts() {
        return IntStream.range(0, expertLoads.size())
                .filter(expert -> expertLoads.get(expert) == 0)
                .boxed()
                .toList();
    }

    /** Returns {@code max / mean} of the ranks, 1 or more: how much longer than on even ranks a sparse layer's experts take. */
    public double rankImbalance() {
        return maxOverMean(rankLoads);
    }

    /**
     * Predicts how much longer a training step takes than on even ranks, when all wait for the fullest:
     * {@code 1 + s * (rankImbalance - 1)}. For the mean over many steps; single batches are less even.
     *
     * @param expertShareOfStep {@code s}, the part of an even step that experts take, 0 to 1
     */
    public double slowDown(double expertShareOfStep) {
        return 1 + expertShareOfStep * (rankImbalance() - 1);
    }

    /** Returns {@code k * T}. */
    public long rows() {
        return Math.multiplyExact(tokens, expertsPerToken);
    }

    private double maxOverMean(List<Long> loads) {
        return Collections.max(loads) * (double) loads.size() / rows();
    }
}
