package io.hashlayers.driver.track;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A small SVG chart with two axes. Text comes from us alone, so nothing is escaped. */
final class Chart {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int LEFT = 64;
    private static final int RIGHT = WIDTH - 20;
    private static final int TOP = 20;
    private static final int BOTTOM = HEIGHT - 56;

    private final Axis horizontal;
    private final Axis vertical;
    private final StringBuilder svg = new StringBuilder();

    Chart(Axis horizontal, Axis vertical) {
        this.horizontal = horizontal;
        this.vertical = vertical;
        add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'>"
                .formatted(WIDTH, HEIGHT));
        add("<rect width='%d' height='%d' fill='white'/>".formatted(WIDTH, HEIGHT));
    }

    /** Draws both axes with their ticks and titles, and a grid. */
    void axes(String horizontalTitle, String verticalTitle) {
        for (double tick : vertical.ticks()) {
            add("<line x1='%d' x2='%d' y1='%s' y2='%s' stroke='#dddddd'/>".formatted(LEFT, RIGHT, y(tick), y(tick)));
            add("<text x='%d' y='%s' text-anchor='end' dominant-baseline='middle'>%s</text>"
                    .formatted(LEFT - 8, y(tick), number(tick)));
        }
        for (double tick : horizontal.ticks()) {
            add("<line x1='%s' x2='%s' y1='%d' y2='%d' stroke='black'/>"
                    .formatted(x(tick), x(tick), BOTTOM, BOTTOM + 5));
            add("<text x='%s' y='%d' text-anchor='middle'>%s</text>".formatted(x(tick), BOTTOM + 20, number(tick)));
        }
        add("<line x1='%d' x2='%d' y1='%d' y2='%d' stroke='black'/>".formatted(LEFT, RIGHT, BOTTOM, BOTTOM));
        add("<text x='%d' y='%d' text-anchor='middle'>%s</text>"
                .formatted((LEFT + RIGHT) / 2, HEIGHT - 12, horizontalTitle));
        add("<text transform='translate(16 %d) rotate(-90)' text-anchor='middle'>%s</text>"
                .formatted((TOP + BOTTOM) / 2, verticalTitle));
    }

    /** Joins points (horizontal, vertical). */
    void line(List<double[]> points, String color) {
        String coordinates =
                points.stream().map(point -> x(point[0]) + "," + y(point[1])).collect(Collectors.joining(" "));
        add("<polyline fill='none' stroke='%s' stroke-width='1.5' points='%s'/>".formatted(color, coordinates));
    }

    void dot(double horizontalValue, double verticalValue, String color) {
        add("<circle cx='%s' cy='%s' r='4' fill='%s'/>".formatted(x(horizontalValue), y(verticalValue), color));
    }

    /** Names a colour, in the upper right corner. */
    void legend(int row, String name, String color) {
        int top = TOP + 14 + 18 * row;
        add("<circle cx='%d' cy='%d' r='5' fill='%s'/>".formatted(RIGHT - 90, top, color));
        add("<text x='%d' y='%d' dominant-baseline='middle'>%s</text>".formatted(RIGHT - 78, top, name));
    }

    String svg() {
        return svg + "</svg>\n";
    }

    private void add(String element) {
        svg.append(element).append('\n');
    }

    private String x(double value) {
        return coordinate(LEFT + (RIGHT - LEFT) * horizontal.position(value));
    }

    private String y(double value) {
        return coordinate(BOTTOM - (BOTTOM - TOP) * vertical.position(value));
    }

    private static String coordinate(double pixels) {
        return String.format(Locale.ROOT, "%.1f", pixels);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceFirst("\\.?0+$", "");
    }
}
