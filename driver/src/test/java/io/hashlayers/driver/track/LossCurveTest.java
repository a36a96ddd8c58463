package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

class LossCurveTest {
    private static final double LEFT = 76;
    private static final double RIGHT = 620;
    private static final double TOP = 20;
    private static final double BOTTOM = 304;

    private final LossCurve curve = new LossCurve();

    /** What was drawn, in pixels from the upper left corner. */
    private record Picture(List<Point> line, List<Point> dots, List<String> texts, List<String> losses) {
        record Point(double x, double y) {}

        static Picture of(String svg) {
            Document document = parse(svg);
            List<Point> line = new ArrayList<>();
            for (Element polyline : elements(document, "polyline")) {
                for (String point : polyline.getAttribute("points").split(" ", -1)) {
                    if (!point.isEmpty()) {
                        line.add(point(point.split(",", -1)));
                    }
                }
            }
            List<Point> dots = elements(document, "circle").stream()
                    .filter(circle -> circle.getAttribute("r").equals("4")) // 5 in the legend
                    .map(circle -> point(circle.getAttribute("cx"), circle.getAttribute("cy")))
                    .toList();
            List<Element> texts = elements(document, "text");
            List<String> losses = texts.stream()
                    .filter(text -> text.getAttribute("text-anchor").equals("end"))
                    .map(Element::getTextContent)
                    .toList();
            return new Picture(
                    line, dots, texts.stream().map(Element::getTextContent).toList(), losses);
        }

        private static Point point(String... coordinates) {
            return new Point(Double.parseDouble(coordinates[0]), Double.parseDouble(coordinates[1]));
        }

        private static Document parse(String svg) {
            try {
                return DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader(svg)));
            } catch (ParserConfigurationException | SAXException | IOException e) {
                throw new AssertionError(svg, e);
            }
        }

        private static List<Element> elements(Document document, String name) {
            NodeList nodes = document.getElementsByTagName(name);
            return IntStream.range(0, nodes.getLength())
                    .mapToObj(i -> (Element) nodes.item(i))
                    .toList();
        }

        Picture requireInside() {
            assertThat(line).allSatisfy(Picture::requireInside);
            assertThat(dots).allSatisfy(Picture::requireInside);
            return this;
        }

        private static void requireInside(Point point) {
            assertThat(point.x).isBetween(LEFT, RIGHT);
            assertThat(point.y).isBetween(TOP, BOTTOM);
        }
    }

    @RandomSeeds(30)
    void everyRunIsDrawnInsideItsAxes(long seed) {
        var random = new SplittableRandom(seed);
        int steps = random.nextInt(1, 2000);
        double scale = Math.pow(10, random.nextInt(-3, 7));
        int evaluations = 0;
        for (int step = 1; step <= steps; step++) {
            step(step, scale * random.nextDouble());
            if (random.nextInt(100) == 0) {
                evaluation(step, 2 * scale * random.nextDouble());
                evaluations++;
            }
        }

        Picture picture = picture().requireInside();

        assertThat(picture.line).hasSizeBetween(Math.min(steps, 200), 400);
        assertThat(picture.dots).hasSize(evaluations);
        for (int i = 1; i < picture.line.size(); i++) {
            assertThat(picture.line.get(i).x).isGreaterThanOrEqualTo(picture.line.get(i - 1).x);
        }
    }

    @Test
    void aFallingLossFallsAndItsEndIsWhereTheEvaluationIs() {
        for (int step = 1; step <= 100; step++) {
            step(step, 5 - 0.01 * step);
        }
        evaluation(100, 4);

        Picture picture = picture().requireInside();

        for (int i = 1; i < 100; i++) {
            assertThat(picture.line.get(i).y).isGreaterThan(picture.line.get(i - 1).y); // pixels count downwards
        }
        assertThat(picture.dots).containsExactly(picture.line.get(99));
        assertThat(picture.line.get(99).x).isEqualTo(RIGHT);
        assertThat(picture.texts).contains("step", "loss (nats per token)", "training", "valid", "100", "4.6");
    }

    @Test
    void manyStepsAreDrawnByTheMeansOfEqualRuns() {
        for (int step = 1; step <= 1200; step++) {
            step(step, step % 3 == 0 ? 4 : 1); // runs of three have the mean 2
        }
        evaluation(1, 2);
        evaluation(1, 1);
        evaluation(1, 4);

        Picture picture = picture().requireInside();

        assertThat(picture.line).hasSize(400);
        assertThat(picture.line)
                .allSatisfy(point -> assertThat(point.y).isCloseTo(picture.dots.get(0).y, within(0.11)));
    }

    @Test
    void nothingYetIsAnEmptyPicture() {
        Picture picture = picture().requireInside();

        assertThat(picture.line).isEmpty();
        assertThat(picture.dots).isEmpty();
        assertThat(picture.texts).contains("training").doesNotContain("valid", "");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-9, 3.2, 9.0109, 1e4, 1e8, 9.87e11})
    void aSinglePointAndAFlatLossAreDrawn(double loss) {
        step(1, loss);
        Picture single = picture().requireInside();
        step(2, loss);
        evaluation(2, loss);
        Picture flat = picture().requireInside();

        assertThat(single.line).hasSize(1);
        assertThat(flat.line).hasSize(2);
        assertThat(flat.line.get(0).y).isEqualTo(flat.line.get(1).y);
        assertThat(flat.losses).hasSizeGreaterThan(1).doesNotHaveDuplicates();
    }

    @Test
    void whatIsNoNumberIsLeftOut() {
        step(1, 3);
        step(2, Double.NaN);
        step(3, Double.POSITIVE_INFINITY);
        evaluation(3, Double.NaN);
        step(4, 2);

        Picture picture = picture().requireInside();

        assertThat(picture.line).hasSize(2);
        assertThat(picture.dots).isEmpty();
    }

    private void step(long step, double loss) {
        curve.add(new StepMetrics(step, loss, 10 * step, 1, 1, 1, 0, List.of()));
    }

    private void evaluation(long step, double loss) {
        curve.add(new EvaluationMetrics(step, "valid", 7 * loss, 7, Double.NaN, List.of()));
    }

    private Picture picture() {
        return Picture.of(curve.svg());
    }
}
