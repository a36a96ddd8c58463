package io.hashlayers.sharding.balance;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A balance report for people: the numbers in a few lines, then the fullest experts and ranks as bars. */
public final class BalanceText {
    private static final int LISTED = 16; // the fullest experts and ranks; a screen holds both charts
    private static final int BAR_OF_MEAN = 10; // characters of the bar of an exactly even load
    private static final int LONGEST_BAR = 40;

    private BalanceText() {}

    /** Returns several lines, each ended by a line feed. */
    public static String of(BalanceReport report) {
        return summary(report)
                + chart("expert", report.expertLoads(), Integer::toString)
                + chart(
                        "rank (experts)",
                        report.rankLoads(),
                        rank -> rank + " (" + report.expertsOnRank().get(rank) + ")");
    }

    private static String summary(BalanceReport report) {
        return String.format(
                Locale.ROOT,
                """
                %,d tokens, %d of %d experts for each, on %d ranks
                MaxVio of the experts %.3f (fullest / mean - 1); with any table at least %.3f, as one token is %.2f%% of the text
                experts without rows: %d
                rank imbalance %.3f (fullest / mean)
                """,
                report.tokens(),
                report.expertsPerToken(),
                report.expertLoads().size(),
                report.rankLoads().size(),
                report.maxVio(),
                report.maxVioBound(),
                100.0 * report.heaviestCount() / report.tokens(),
                report.deadExperts().size(),
                report.rankImbalance());
    }

    /** One line for each load, the fullest first. */
    private static String chart(String title, List<Long> loads, IntFunction<String> label) {
        double mean = loads.stream().mapToLong(Long::longValue).average().orElseThrow();
        var lines = IntStream.range(0, loads.size())
                .boxed()
                .sorted(Comparator.<Integer>comparingLong(loads::get).reversed())
                .limit(LISTED)
                .map(i -> line(label.apply(i), loads.get(i), mean, loads.size()));
        var head = String.format(Locale.ROOT, "%14s %16s %8s %8s", title, "rows", "share", "of mean");
        var rest = loads.size() > LISTED
                ? Stream.of("... and " + (loads.size() - LISTED) + " emptier")
                : Stream.<String>of();
        return Stream.of(Stream.of("", head), lines, rest)
                .flatMap(Function.identity())
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String line(String label, long load, double mean, int size) {
        double share = 100 * load / (mean * size);
        return String.format(
                        Locale.ROOT, "%14s %,16d %7.2f%% %8.3f  %s", label, load, share, load / mean, bar(load / mean))
                .stripTrailing();
    }

    private static String bar(double ofMean) {
        return "#".repeat((int) Math.min(LONGEST_BAR, Math.round(BAR_OF_MEAN * ofMean)));
    }
}
