package io.hashlayers.driver.cli;

import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import java.io.PrintStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How evenly a random and a balanced table spread a text over experts and ranks, side by side. */
final class BalancePage {
    private static final long RANDOM_SEED = 1;

    private final long[] counts;
    private final int expertsPerToken;
    private final List<Integer> ranks;
    private final PrintStream out;

    /**
     * @param counts occurrences of each token, [V]
     * @param ranks numbers of ranks to place experts on
     */
    BalancePage(long[] counts, int expertsPerToken, List<Integer> ranks, PrintStream out) {
        this.counts = counts;
        this.expertsPerToken = expertsPerToken;
        this.ranks = List.copyOf(ranks);
        this.out = out;
    }

    void print(int numExperts) {
        say("");
        say("%d experts, %d for each token, by the current token", numExperts, expertsPerToken);
        print("random", ExpertTable.random(counts.length, numExperts, expertsPerToken, RANDOM_SEED));
        print("balanced", ExpertTable.balanced(counts, numExperts, expertsPerToken));
    }

    private void print(String name, ExpertTable table) {
        printExperts(name, table);
        int numExperts = table.numExperts();
        long[] loads = table.loads(counts);
        for (int worldSize : ranks) {
            say("    on %d ranks", worldSize);
            print("round robin", BalanceReport.of(table, counts, ExpertPlacement.roundRobin(numExperts, worldSize)));
            print("by load", BalanceReport.of(table, counts, ExpertPlacement.byLoad(loads, worldSize)));
        }
    }

    /** Prints how evenly a table spreads the text over its experts, in a line. */
    void printExperts(String name, ExpertTable table) {
        BalanceReport experts = BalanceReport.of(table, counts, ExpertPlacement.roundRobin(table.numExperts(), 1));
        say(
                "  %-9s MaxVio %.4f (the most frequent token alone: at least %.4f), shares %s, %d experts without tokens",
                name,
                experts.maxVio(),
                experts.maxVioBound(),
                range(experts),
                experts.deadExperts().size());
    }

    private void print(String placement, BalanceReport report) {
        String shares = IntStream.range(0, report.rankLoads().size())
                .mapToObj(rank -> percent(report.rankShare(rank)))
                .collect(Collectors.joining(" "));
        say("      %-12s max/mean %.4f  load %s %%", placement, report.rankImbalance(), shares);
    }

    private static String range(BalanceReport report) {
        double rows = report.rows();
        return percent(Collections.min(report.expertLoads()) / rows) + " to "
                + percent(Collections.max(report.expertLoads()) / rows) + " %";
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f", 100 * share);
    }

    private void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
