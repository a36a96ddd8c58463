package io.hashlayers.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.compare.Finding;
import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunId;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.SampleStudy;
import io.hashlayers.driver.compare.Study;
import io.hashlayers.driver.compare.StudyResults;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

class StudyReportTest {
    private static final String MARKUP = "<script>alert('\"&')</script>";

    @TempDir
    Path dir;

    private StudyResults results(String text, ToDoubleFunction<RunId> perplexity) {
        Study study = SampleStudy.read(dir, text);
        return SampleStudy.results(study, dir, perplexity);
    }

    private static double perplexity(RunId run) {
        return run.variant().equals("balanced") ? 20 + run.seed() : 22 + 1.01 * run.seed();
    }

    private static Document parse(String html) {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(html)));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new AssertionError(html, e);
        }
    }

    private static List<Element> elements(Document page, String name) {
        NodeList nodes = page.getElementsByTagName(name);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> (Element) nodes.item(i))
                .toList();
    }

    @Test
    void everyRunAndEveryClaimIsThere() {
        StudyResults results = results(SampleStudy.TABLES, StudyReportTest::perplexity);

        Document page = parse(StudyReport.html(results));

        List<String> rows =
                elements(page, "tr").stream().map(Element::getTextContent).toList();
        for (RunResult run : results.runs()) {
            String perplexity = Measure.VALID_PERPLEXITY.format(
                    run.measure(Measure.VALID_PERPLEXITY).getAsDouble());
            assertThat(rows).anyMatch(row -> row.replaceAll("\\s+", " ")
                    .startsWith("%s %d finished 1 %s"
                            .formatted(run.id().variant(), run.id().seed(), perplexity)));
        }
        List<Element> claims = elements(page, "article");
        assertThat(claims).hasSameSizeAs(results.findings());
        Finding finding = results.findings().get(0);
        assertThat(claims.get(0).getAttribute("class")).isEqualTo("claim reproduced");
        assertThat(claims.get(0).getTextContent())
                .contains(finding.claim().text(), finding.claim().source(), "reproduced")
                .contains("Paired t-test over 3 seeds: p = ", "effect size d = ")
                .contains("balanced has 3.0904, random has 3.1783; the difference is \u2212");
        assertThat(page.getDocumentElement().getTextContent()).contains("9 of 9 runs are finished.");
    }

    @Test
    void means() {
        Document page = parse(StudyReport.html(results(SampleStudy.TABLES, StudyReportTest::perplexity)));

        assertThat(elements(page, "tr"))
                .extracting(Element::getTextContent)
                .anyMatch(row ->
                        row.contains("balanced") && row.contains("3 of 3") && row.contains("22.00 \u00b1\u00a01.00"));
    }

    @Test
    void aFailedRunIsShownWithItsReason() {
        StudyResults results =
                results(SampleStudy.TABLES, run -> run.equals(new RunId("random", 2)) ? Double.NaN : perplexity(run));

        Document page = parse(StudyReport.html(results));

        String text = page.getDocumentElement().getTextContent();
        assertThat(text).contains("8 of 9 runs are finished, 1 failed.", "failed: lost <host> & \"rank\" 1", "2 of 3");
        assertThat(text).contains("undecided at this scale", "Only 2 of the 3 pairs of seeds");
    }

    @Test
    void nothingFinishedIsStillAPage() {
        String html = StudyReport.html(results(SampleStudy.TABLES, run -> Double.NaN));

        assertThat(elements(parse(html), "svg")).isEmpty();
        assertThat(html).contains("No seed has a result on both sides.").doesNotContain("Only 0");
    }

    @Test
    void textOfTheStudyIsNeverMarkup() {
        String text = SampleStudy.TABLES
                .replace("\"Tables\"", "\"\"\"" + MARKUP + "\"\"\"")
                .replace("\"Which table?\"", "\"\"\"" + MARKUP + "\"\"\"")
                .replace("\"Balanced is better\"", "\"\"\"" + MARKUP + "\"\"\"")
                .replace("\"somebody\"", "\"\"\"" + MARKUP + "\"\"\"");

        String html = StudyReport.html(results(text, StudyReportTest::perplexity));

        assertThat(html).doesNotContain("<script", MARKUP);
        Document page = parse(html);
        assertThat(elements(page, "title").get(0).getTextContent()).isEqualTo(MARKUP);
        assertThat(elements(page, "h3").get(0).getTextContent()).isEqualTo(MARKUP);
    }

    @Test
    void thePageNeedsNoNetwork() {
        String html = StudyReport.html(results(SampleStudy.TABLES, StudyReportTest::perplexity));

        assertThat(html).doesNotContain("<script", "<link", "<img", "<iframe", " src=", " href=", "url(", "@import");
        assertThat(html.replace("http://www.w3.org/1999/xhtml", "").replace("http://www.w3.org/2000/svg", ""))
                .doesNotContain("http:", "https:", "//www");
    }

    @Test
    void whatRunsToldIsDrawn() {
        Document page = parse(StudyReport.html(results(SampleStudy.TABLES, StudyReportTest::perplexity)));

        List<String> captions = elements(page, "figcaption").stream()
                .map(Element::getTextContent)
                .toList();
        assertThat(captions)
                .anyMatch(caption -> caption.startsWith("Final validation perplexity"))
                .anyMatch(caption -> caption.startsWith("Validation perplexity over steps"))
                .anyMatch(caption -> caption.startsWith("Validation perplexity over training time"))
                .anyMatch(caption -> caption.startsWith("Validation loss minus that of balanced"))
                .anyMatch(caption -> caption.startsWith("MaxVio over steps"))
                .anyMatch(caption -> caption.startsWith("Share of validation tokens whose expert"))
                .anyMatch(caption -> caption.startsWith("Rounds of the auction"))
                .anyMatch(caption -> caption.startsWith("Global gradient norm"))
                .anyMatch(caption -> caption.startsWith(
                        "balanced, seed 1, block 1: 40 periods from left to right, each ends with an evaluation"));
        for (Element svg : elements(page, "svg")) {
            assertThat(svg.getAttribute("aria-label")).isNotBlank();
        }
    }

    @Test
    void theSameResultsGiveTheSamePage() {
        assertThat(StudyReport.html(results(SampleStudy.TABLES, StudyReportTest::perplexity)))
                .isEqualTo(StudyReport.html(results(SampleStudy.TABLES, StudyReportTest::perplexity)));
    }
}
