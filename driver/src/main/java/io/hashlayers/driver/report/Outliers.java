package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * Variants whose quality is so far from that of the others, as an oracle's, that in one chart with it the others would lie on each
 * other: more than {@link #FAR} times as far from the median as variants are in the median.
 */
final class Outliers {
    private static final double FAR = 10;
    private static final int LEAST = 4; // variants, to tell what is usual

    private final StudyResults results;
    private final Map<String, Double> losses = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();

    Outliers(StudyResults results) {
        this.results = results;
        for (Variant variant : results.study().variants()) {
            Spread spread = Spread.of(results.of(variant.name()), Measure.VALID_LOSS);
            if (spread.count() > 0) {
                losses.put(variant.name(), spread.mean());
            }
        }
        double middle = median(losses.values().stream().mapToDouble(Double::doubleValue));
        double usual = median(losses.values().stream().mapToDouble(loss -> Math.abs(loss - middle)));
        losses.forEach((name, loss) -> {
            if (losses.size() >= LEAST && usual > 0 && Math.abs(loss - middle) > FAR * usual) {
                names.add(name);
            }
        });
    }

    private static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int half = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /** Whether a run is of such a variant. */
    boolean has(RunResult run) {
        return names.contains(run.id().variant());
    }

    /** Such as {@code ; not shown: oracle, 12.15}; empty if there are none. */
    String notShown(Measure measure) {
        return names.isEmpty()
                ? ""
                : names.stream()
                        .map(name -> name + ", "
                                + measure.format(
                                        Spread.of(results.of(name), measure).mean()))
                        .collect(Collectors.joining("; ", "; far off and not shown: ", ""));
    }
}
