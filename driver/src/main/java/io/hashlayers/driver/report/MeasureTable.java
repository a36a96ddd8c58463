package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import io.hashlayers.driver.report.HtmlTable.Heading;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Measures of all variants, mean and spread over seeds. A measure that no run has gets no column. */
final class MeasureTable {
    private final StudyResults results;
    private final List<Measure> measures;

    MeasureTable(StudyResults results, List<Measure> measures) {
        this.results = results;
        this.measures = measures.stream()
                .filter(measure -> results.runs().stream()
                        .anyMatch(run -> run.measure(measure).isPresent()))
                .toList();
    }

    /** The table; empty without a measure. */
    String markup(String caption) {
        return measures.isEmpty() ? "" : table(List.of(), List.of()).markup(caption);
    }

    /** The table with what others published of the same variants; the last column is left out if nobody did. */
    String markup(String caption, List<PublishedNumber> published) {
        List<String> cells = results.study().variants().stream()
                .map(variant -> published(variant, published))
                .toList();
        boolean any = cells.stream().anyMatch(cell -> !cell.isEmpty());
        return (any
                        ? table(List.of(Heading.number("published", "by others, see below")), cells)
                        : table(List.of(), cells))
                .markup(caption);
    }

    private static String published(Variant variant, List<PublishedNumber> published) {
        return published.stream()
                .filter(number -> number.variant().equals(variant.name()))
                .filter(number -> number.measure().startsWith("validation perplexity"))
                .map(PublishedNumber::value)
                .reduce((first, last) -> last) // of several times in a run, the last
                .orElse("");
    }

    private HtmlTable table(List<Heading> more, List<String> cells) {
        List<Heading> headings = new ArrayList<>();
        headings.add(Heading.words("variant"));
        headings.add(Heading.number("runs", "finished, of those asked for"));
        measures.forEach(measure -> headings.add(Heading.number(measure.title(), measure.meaning())));
        headings.addAll(more);
        var table = new HtmlTable(headings);
        List<Variant> variants = results.study().variants();
        for (int i = 0; i < variants.size(); i++) {
            List<String> row = row(variants.get(i).name());
            if (!more.isEmpty()) {
                row.add(cells.get(i));
            }
            table.row(row);
        }
        return table;
    }

    private List<String> row(String variant) {
        var runs = results.of(variant);
        long finished = runs.stream().filter(run -> run.finished()).count();
        return measures.stream()
                .map(measure -> Spread.of(runs, measure).text(measure))
                .collect(Collectors.toCollection(() -> {
                    List<String> row = new ArrayList<>();
                    row.add(variant);
                    row.add(String.format(
                            Locale.ROOT,
                            "%d of %d",
                            finished,
                            results.study().seeds().size()));
                    return row;
                }));
    }
}
