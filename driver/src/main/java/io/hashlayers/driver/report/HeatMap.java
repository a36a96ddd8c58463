package io.hashlayers.driver.report;

import io.hashlayers.driver.track.Markup;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Loads of experts as colours: one row an expert, the busiest on top, one column a period; of a single period, a strip with one
 * column an expert. One path for all cells of a colour keeps a map of thousands of cells small.
 */
final class HeatMap {
    /** Upper ends of the classes, in loads divided by the mean load. */
    private static final double[] CLASSES = {0.25, 0.5, 0.8, 1.25, 2, 4, Double.POSITIVE_INFINITY};

    private static final String[] COLORS = {"#2166ac", "#67a9cf", "#d1e5f0", "#f7f7f7", "#fdcfb8", "#ef8a62", "#b2182b"
    };
    private static final String[] NAMES = {
        "under 1/4 of the mean", "to 1/2", "to 0.8", "to 1.25", "to 2 times", "to 4 times", "more"
    };

    private final List<double[]> periods;
    private final List<Integer> order;

    /**
     * @param periods shares of the experts in each period, [E] each; at least one
     */
    HeatMap(List<double[]> periods) {
        this.periods = periods;
        double[] last = periods.get(periods.size() - 1);
        this.order = IntStream.range(0, last.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer expert) -> last[expert])
                        .reversed())
                .toList();
    }

    /** The map as SVG. */
    String svg(String description) {
        var svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns='http://www.w3.org/2000/svg' class='%s' viewBox='0 0 %d %d' preserveAspectRatio='none' role='img' aria-label='%s'>",
                strip() ? "heat strip" : "heat",
                strip() ? order.size() : periods.size(),
                strip() ? 1 : order.size(),
                Markup.escape(description)));
        for (int level = 0; level < CLASSES.length; level++) {
            String cells = cells(level);
            if (!cells.isEmpty()) {
                svg.append("<path fill='%s' shape-rendering='crispEdges' d='%s'/>".formatted(COLORS[level], cells));
            }
        }
        return svg.append("</svg>\n").toString();
    }

    private boolean strip() {
        return periods.size() == 1;
    }

    private String cells(int level) {
        var path = new StringBuilder();
        for (int row = 0; row < order.size(); row++) {
            for (int period = 0; period < periods.size(); period++) {
                double[] shares = periods.get(period);
                if (level(shares[order.get(row)] * shares.length) == level) {
                    path.append('M').append(strip() ? row : period).append(' ').append(strip() ? 0 : row);
                    path.append("h1v1h-1z");
                }
            }
        }
        return path.toString();
    }

    static int level(double loadOverMean) {
        int level = 0;
        while (loadOverMean > CLASSES[level]) {
            level++;
        }
        return level;
    }

    /** The colours and what they mean, as a list. */
    static String key() {
        var html = new Html().begin("ul", "class", "heat-key");
        for (int level = 0; level < CLASSES.length; level++) {
            html.begin("li")
                    .element("span", "", "class", "swatch", "style", "background:" + COLORS[level])
                    .text(NAMES[level])
                    .end();
        }
        return html.end().markup();
    }
}
