package io.hashlayers.driver.report;

import io.hashlayers.driver.track.Axis;
import io.hashlayers.driver.track.Chart;
import io.hashlayers.driver.track.LogAxis;
import io.hashlayers.driver.track.Pen;
import io.hashlayers.driver.track.Scale;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Curves of several variants in one chart, each with the range of its seeds. */
final class CurveChart {
    private static final int MOST_TICKS = 8;
    /** Range of values from which equal ratios are drawn equally long. */
    private static final double LOGARITHMIC_FROM = 4;

    private final String title;
    private final boolean ratios;
    private final List<String> variants;
    private final List<Curve> curves;

    /**
     * @param title under the chart, and for those who cannot see it
     * @param ratios whether ratios of the values mean more than differences, so that a wide range is drawn by them
     * @param variants of the whole study, so that a variant has the same pen in all charts
     * @param curves some may be empty
     */
    CurveChart(String title, boolean ratios, List<String> variants, List<Curve> curves) {
        this.title = title;
        this.ratios = ratios;
        this.variants = variants;
        this.curves = curves.stream().filter(curve -> !curve.empty()).toList();
    }

    /** The chart with its caption; empty if there is nothing to draw but zeros. */
    String markup(String horizontalTitle, String verticalTitle) {
        if (curves.isEmpty() || (!ratios && nothing(range(1)))) {
            return "";
        }
        Chart chart =
                new Chart(Axis.covering(0, range(0).getMax(), MOST_TICKS), vertical(range(1)), title, curves.size());
        chart.axes(horizontalTitle, verticalTitle);
        curves.forEach(curve -> chart.band(curve.lower(), curve.upper(), pen(curve)));
        for (int i = 0; i < curves.size(); i++) {
            Curve curve = curves.get(i);
            chart.line(curve.mean(), pen(curve), describe(curve));
            if (curve.mean().size() == 1) { // no line
                double[] point = curve.mean().get(0);
                chart.dot(point[0], point[1], pen(curve).color());
            }
            chart.key(i, curve.variant(), pen(curve));
        }
        return new Html()
                .begin("figure", "class", "chart")
                .begin("div", "class", "scroll", "tabindex", "0")
                .add(chart.svg())
                .end()
                .element("figcaption", title)
                .end()
                .markup();
    }

    /** Such as the dropped tokens of a study without capacities. */
    private static boolean nothing(DoubleSummaryStatistics range) {
        return range.getMin() == 0 && range.getMax() == 0;
    }

    private static String describe(Curve curve) {
        double last = curve.mean().get(curve.mean().size() - 1)[1];
        return String.format(Locale.ROOT, "%s: %.4g at the end, %d runs", curve.variant(), last, curve.runs());
    }

    private Pen pen(Curve curve) {
        return Pen.number(variants.indexOf(curve.variant()));
    }

    /** Of the coordinate 0 or 1. */
    private DoubleSummaryStatistics range(int coordinate) {
        return curves.stream()
                .flatMap(curve -> Stream.concat(curve.lower().stream(), curve.upper().stream()))
                .mapToDouble(point -> point[coordinate])
                .summaryStatistics();
    }

    private Scale vertical(DoubleSummaryStatistics range) {
        return ratios ? scale(range) : Axis.covering(Math.min(0, range.getMin()), range.getMax(), MOST_TICKS);
    }

    /** A scale for values of this range, whose ratios mean more than their differences. */
    static Scale scale(DoubleSummaryStatistics range) {
        boolean logarithmic = range.getMin() > 0 && range.getMax() > LOGARITHMIC_FROM * range.getMin();
        return logarithmic
                ? new LogAxis(range.getMin(), range.getMax())
                : Axis.covering(range.getMin(), range.getMax(), MOST_TICKS);
    }
}
