package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import io.hashlayers.driver.track.Markup;
import io.hashlayers.driver.track.Pen;
import io.hashlayers.driver.track.Scale;
import java.util.List;
import java.util.Locale;

/** The final quality of each variant as a row: a dot for each seed and a bar at their mean. */
final class DotPlot {
    private static final int WIDTH = 760;
    private static final int LEFT = 170;
    private static final int RIGHT = WIDTH - 90;
    private static final int ROW = 26;
    private static final int TOP = 14;

    private final StudyResults results;
    private final Measure measure;
    private final Outliers outliers;
    private final StringBuilder svg = new StringBuilder();

    DotPlot(StudyResults results) {
        this.results = results;
        this.outliers = new Outliers(results);
        long texts = results.runs().stream()
                .map(run -> run.outcome().run().dataset().manifest().tokenizerDigest())
                .distinct()
                .count();
        this.measure = texts > 1 ? Measure.BITS_PER_BYTE : Measure.VALID_PERPLEXITY; // other dictionaries, other tokens
    }

    /** The plot with its caption; empty if no run is finished. */
    String markup() {
        var range = results.runs().stream()
                .filter(run -> !outliers.has(run))
                .flatMapToDouble(run -> run.measure(measure).stream())
                .summaryStatistics();
        if (range.getCount() == 0) {
            return "";
        }
        String caption = "Final " + measure.title() + ", lower is better: a dot for each seed, a bar at their mean"
                + outliers.notShown(measure) + ".";
        return new Html()
                .begin("figure", "class", "chart")
                .begin("div", "class", "scroll", "tabindex", "0")
                .add(draw(CurveChart.scale(range), caption))
                .end()
                .element("figcaption", caption)
                .end()
                .markup();
    }

    private String draw(Scale scale, String caption) {
        List<Variant> variants = results.study().variants();
        int bottom = TOP + ROW * variants.size();
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12' role='img' aria-label='%s'>",
                WIDTH, bottom + 30, Markup.escape(caption));
        for (double tick : scale.ticks()) {
            double x = x(scale, tick);
            add("<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='#dddddd'/>", x, x, TOP - 6, bottom + 2);
            add("<text x='%.1f' y='%d' text-anchor='middle'>%s</text>", x, bottom + 18, measure.format(tick));
        }
        for (int i = 0; i < variants.size(); i++) {
            if (results.of(variants.get(i).name()).stream().anyMatch(outliers::has)) {
                continue;
            }
            row(scale, variants.get(i).name(), Pen.number(i), TOP + ROW * i + ROW / 2);
        }
        return svg + "</svg>\n";
    }

    private void row(Scale scale, String variant, Pen pen, int y) {
        List<RunResult> runs = results.of(variant);
        add(
                "<text x='%d' y='%d' text-anchor='end' dominant-baseline='middle'>%s</text>",
                LEFT - 16, y, Markup.escape(variant));
        Spread spread = Spread.of(runs, measure);
        if (spread.count() == 0) {
            return;
        }
        for (RunResult run : runs) {
            run.measure(measure)
                    .ifPresent(value -> add(
                            "<circle cx='%.1f' cy='%d' r='4' fill='%s' fill-opacity='0.45'><title>%s: %s</title></circle>",
                            x(scale, value),
                            y,
                            pen.color(),
                            Markup.escape(run.id().toString()),
                            measure.format(value)));
        }
        double mean = x(scale, spread.mean());
        add(
                "<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='%s' stroke-width='3'/>",
                mean, mean, y - 9, y + 9, pen.color());
        add("<text x='%d' y='%d' dominant-baseline='middle'>%s</text>", RIGHT + 14, y, measure.format(spread.mean()));
    }

    private static double x(Scale scale, double value) {
        return LEFT + (RIGHT - LEFT) * scale.position(value);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
