package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.LoadHistory;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The experts' loads of each sparse variant, of its first finished seed. */
final class HeatMaps {
    private final StudyResults results;

    HeatMaps(StudyResults results) {
        this.results = results;
    }

    /** All maps with the key; empty if no run is sparse. */
    String markup() {
        var maps = new StringBuilder();
        for (Variant variant : results.study().variants()) {
            first(variant).ifPresent(run -> maps.append(maps(run)));
        }
        return maps.isEmpty()
                ? ""
                : new Html()
                        .add(HeatMap.key())
                        .begin("div", "class", "maps")
                        .add(maps.toString())
                        .end()
                        .markup();
    }

    private Optional<RunResult> first(Variant variant) {
        return results.of(variant.name()).stream()
                .filter(run -> !run.loadShares().isEmpty())
                .findFirst();
    }

    private static String maps(RunResult run) {
        List<LoadHistory> histories = run.metrics().loads();
        if (histories.isEmpty()) {
            return map(run.loadShares(), run.id() + ": all experts on the training text, by the table");
        }
        var maps = new StringBuilder();
        for (LoadHistory history : histories) {
            List<double[]> periods =
                    IntStream.range(0, history.size()).mapToObj(history::shares).toList();
            maps.append(map(periods, "%s, block %d: %s".formatted(run.id(), history.layer(), describe(history))));
        }
        return maps.toString();
    }

    private static String describe(LoadHistory history) {
        if (history.size() == 1) {
            return "the whole run, its experts from left to right";
        }
        return "%d periods from left to right, each ends with %s"
                .formatted(
                        history.size(),
                        history.evaluationsInPeriod() == 1
                                ? "an evaluation"
                                : history.evaluationsInPeriod() + " evaluations");
    }

    private static String map(List<double[]> periods, String caption) {
        return new Html()
                .begin("figure", "class", "map")
                .add(new HeatMap(periods).svg("Loads of experts. " + caption))
                .element("figcaption", caption)
                .end()
                .markup();
    }
}
