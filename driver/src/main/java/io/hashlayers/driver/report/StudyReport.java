package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Finding;
import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import io.hashlayers.driver.report.HtmlTable.Heading;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/** The page of a study. */
public final class StudyReport {
    private static final String STYLE = "report.css";

    private static final List<Measure> QUALITY = List.of(
            Measure.VALID_PERPLEXITY,
            Measure.VALID_LOSS,
            Measure.BITS_PER_BYTE,
            Measure.WORD_PERPLEXITY,
            Measure.UNIGRAM_PERPLEXITY);
    private static final List<Measure> COST = List.of(
            Measure.PARAMETERS,
            Measure.ACTIVE_PARAMETERS,
            Measure.TOKENS,
            Measure.TOKENS_PER_SECOND,
            Measure.STEPS_PER_SECOND,
            Measure.TRAINING_SECONDS,
            Measure.EXCHANGED_BYTES);
    private static final List<Measure> ROUTING = List.of(
            Measure.MAX_VIO,
            Measure.LOAD_ENTROPY,
            Measure.CHANGED_SHARE,
            Measure.DROPPED_SHARE,
            Measure.GATE_MEAN,
            Measure.BALANCE_LOSS,
            Measure.ASSIGNMENT_ROUNDS);
    private static final List<Measure> STEADINESS =
            List.of(Measure.GRADIENT_SPIKES, Measure.LARGEST_GRADIENT_SPIKE, Measure.LATE_LOSS_DEVIATION);

    private final StudyResults results;
    private final List<PublishedNumber> published;
    private final Curves curves;

    private StudyReport(StudyResults results) {
        this.results = results;
        this.published = PublishedNumber.of(results.study().name());
        this.curves = new Curves(results);
    }

    /** The page as HTML that is XML too. The same results give the same page. */
    public static String html(StudyResults results) {
        return new StudyReport(results).page();
    }

    private String page() {
        String title = results.study().title();
        String body = new Html()
                .begin("body")
                .begin("main")
                .add(head())
                .add(section("What it says about the claims", claims()))
                .add(section("Quality", quality()))
                .add(
                        section(
                                "Cost",
                                new MeasureTable(results, COST)
                                        .markup(
                                                "Mean and standard deviation over seeds. Exchanged bytes are those of plans, which a learned router has not.")))
                .add(section("Routing", routing()))
                .add(section("Steadiness", steadiness()))
                .add(section("What others published", published()))
                .add(section("Every run", RunsTable.markup(results)))
                .add(section("How this was done", new MethodSection(results).markup()))
                .end()
                .end()
                .markup();
        return "<!DOCTYPE html>\n"
                + new Html()
                        .begin("html", "xmlns", "http://www.w3.org/1999/xhtml", "lang", "en")
                        .begin("head")
                        .add("<meta charset=\"utf-8\"/>\n")
                        .add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
                        .element("title", title)
                        .begin("style")
                        .add(style())
                        .end()
                        .end()
                        .add(body)
                        .end()
                        .markup();
    }

    private static String section(String title, String content) {
        return content.isEmpty()
                ? ""
                : new Html()
                        .begin("section")
                        .element("h2", title)
                        .add(content)
                        .end()
                        .markup();
    }

    private static String charts(String charts) {
        return new Html().begin("div", "class", "charts").add(charts).end().markup();
    }

    private String head() {
        var study = results.study();
        long finished = results.runs().stream().filter(RunResult::finished).count();
        long failed = results.runs().size() - finished;
        Html html = new Html()
                .begin("header")
                .element("p", "Hashlayers study " + study.name() + ", size " + study.size(), "class", "kicker")
                .element("h1", study.title())
                .element("p", study.about())
                .element(
                        "p",
                        "%d variants, seeds %s; %d of %d runs are finished%s."
                                .formatted(
                                        study.variants().size(),
                                        study.seeds().stream()
                                                .map(String::valueOf)
                                                .collect(Collectors.joining(", ")),
                                        finished,
                                        results.planned(),
                                        failed == 0 ? "" : ", %d failed".formatted(failed)),
                        "class",
                        failed == 0 && finished == results.planned() ? "state" : "state incomplete");
        return html.end().markup();
    }

    private String claims() {
        var html = new Html();
        for (Finding finding : results.findings()) {
            var text = new ClaimText(finding);
            String kind = finding.verdict().name().toLowerCase(Locale.ROOT).replace('_', '-');
            html.begin("article", "class", "claim " + kind)
                    .element("p", finding.verdict().words(), "class", "verdict")
                    .element("h3", finding.claim().text())
                    .element("p", "Source: " + finding.claim().source(), "class", "source")
                    .element("p", text.expectation())
                    .element("p", text.measured() + " " + text.test())
                    .end();
        }
        return html.markup();
    }

    private String quality() {
        return worseThanUnigram()
                + new MeasureTable(results, QUALITY)
                        .markup(
                                "Mean and standard deviation over seeds, after the last step."
                                        + (published.isEmpty()
                                                ? ""
                                                : " Published numbers are of other models and other text: compare orders, not"
                                                        + " values."),
                                published)
                + new DotPlot(results).markup()
                + charts(curves.quality());
    }

    /** Says of variants that learned nothing yet that their order means nothing. */
    private String worseThanUnigram() {
        List<String> worse = results.study().variants().stream()
                .map(Variant::name)
                .filter(name ->
                        Spread.of(results.of(name), Measure.VALID_PERPLEXITY).mean()
                                >= Spread.of(results.of(name), Measure.UNIGRAM_PERPLEXITY)
                                        .mean())
                .toList();
        return worse.isEmpty()
                ? ""
                : new Html()
                        .element(
                                "p",
                                "No better than the frequencies of tokens alone, so too short a run to compare: %s."
                                        .formatted(String.join(", ", worse)),
                                "class",
                                "state incomplete")
                        .markup();
    }

    private String routing() {
        return new MeasureTable(results, ROUTING).markup("Mean and standard deviation over seeds.")
                + new HeatMaps(results).markup()
                + charts(curves.routing());
    }

    private String steadiness() {
        return new MeasureTable(results, STEADINESS).markup("Mean and standard deviation over seeds, late in the run.")
                + charts(curves.steadiness());
    }

    private String published() {
        if (published.isEmpty()) {
            return "";
        }
        var table = new HtmlTable(List.of(
                Heading.words("model"),
                Heading.words("measure"),
                Heading.number("value", ""),
                Heading.words("source"),
                Heading.words("how we know")));
        published.forEach(number -> table.row(List.of(
                number.model(),
                number.measure(),
                number.value(),
                number.source(),
                number.provenance().words())));
        return table.markup("What could not be verified is left out.");
    }

    private static String style() {
        try (InputStream in = Objects.requireNonNull(StudyReport.class.getResourceAsStream(STYLE), STYLE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(STYLE, e); // a fault of ours: it is packed into the program
        }
    }
}
