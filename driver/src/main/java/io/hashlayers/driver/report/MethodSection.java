package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.RunRecord;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyDataset;
import io.hashlayers.driver.compare.StudyResults;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** How a study was done: what runs share, by which test claims are judged, on which data and machines. */
final class MethodSection {
    private final StudyResults results;

    MethodSection(StudyResults results) {
        this.results = results;
    }

    /** The section's content: a list. */
    String markup() {
        var html = new Html().begin("ul");
        html.element(
                "li",
                "Runs of one seed share data order, initial dense weights, dropout and tokens; they differ only in the settings of"
                        + " their own. A pair is two variants with the same seed.");
        html.element(
                "li",
                "An order is judged by a paired t-test over seeds, two-sided, at 5 %; equality within a margin by two one-sided"
                        + " tests. With fewer than three pairs, or without any spread over seeds, nothing is decided. p values"
                        + " are not corrected for the number of claims.");
        html.element(
                "li",
                "Equal in all variants: %s; claims may ask for more."
                        .formatted(results.study().equality().what()));
        datasets().forEach(dataset -> html.element("li", describe(dataset)));
        html.element("li", "Computed on " + machines() + ".");
        int parallel = parallel();
        if (parallel > 1) {
            html.element(
                    "li",
                    "Up to %d runs at once shared the machines, so their speeds and times are left out."
                            .formatted(parallel));
        }
        html.element(
                "li",
                "Settings of all variants: "
                        + results.study().base().without("prepare").text() + ".");
        return html.end().markup();
    }

    private List<StudyDataset> datasets() {
        return List.copyOf(results.runs().stream()
                .map(run -> run.outcome().run().dataset())
                .sorted(Comparator.comparing(StudyDataset::name))
                .collect(Collectors.toMap(StudyDataset::name, dataset -> dataset, (a, b) -> a, TreeMap::new))
                .values());
    }

    private static String describe(StudyDataset dataset) {
        var manifest = dataset.manifest();
        return String.format(
                Locale.ROOT,
                "Dataset %s: %s tokens, a dictionary of %,d, %,d documents; %s.",
                dataset.name(),
                manifest.splits().entrySet().stream()
                        .map(split -> String.format(
                                Locale.ROOT,
                                "%s %,d",
                                split.getKey(),
                                split.getValue().tokens()))
                        .collect(Collectors.joining(", ")),
                manifest.vocabularySize(),
                manifest.documents(),
                manifest.digest());
    }

    private int parallel() {
        return results.runs().stream()
                .flatMap(run -> run.outcome().record().stream())
                .mapToInt(RunRecord::parallel)
                .max()
                .orElse(1);
    }

    private String machines() {
        var kernels = new TreeSet<String>();
        var ranks = new TreeSet<Integer>();
        for (RunResult run : results.runs()) {
            run.outcome().record().ifPresent(record -> {
                kernels.addAll(record.facts().kernels());
                ranks.add(record.summary().worldSize());
            });
        }
        return ranks.stream().map(String::valueOf).collect(Collectors.joining(", ")) + " ranks; "
                + String.join("; ", kernels);
    }
}
