package io.hashlayers.driver.track;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A small SVG chart with two axes. */
public final class Chart {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int LEFT = 76;
    private static final int RIGHT = WIDTH - 20;
    private static final int TOP = 20;
    private static final int BOTTOM = HEIGHT - 56;
    private static final int KEY_HEIGHT = 20;
    private static final int KEYS_IN_ROW = 3;

    private final Scale horizontal;
    private final Scale vertical;
    private final StringBuilder svg = new StringBuilder();

    Chart(Scale horizontal, Scale vertical) {
        this(horizontal, vertical, "", 0);
    }

    /**
     * A chart with room under its axes for keys.
     *
     * @param description for those who cannot see it
     * @param keys that will be drawn
     */
    public Chart(Scale horizontal, Scale vertical, String description, int keys) {
        this.horizontal = horizontal;
        this.vertical = vertical;
        int height = HEIGHT + KEY_HEIGHT * ((keys + KEYS_IN_ROW - 1) / KEYS_IN_ROW);
        String label = description.isEmpty() ? "" : " role='img' aria-label='" + Markup.escape(description) + "'";
        add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='12'%s>"
                .formatted(WIDTH, height, label));
        add("<rect width='%d' height='%d' fill='white'/>".formatted(WIDTH, height));
    }

    /** Draws both axes with their ticks and titles, and a grid. */
    public void axes(String horizontalTitle, String verticalTitle) {
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
                .formatted((LEFT + RIGHT) / 2, HEIGHT - 12, Markup.escape(horizontalTitle)));
        add("<text transform='translate(16 %d) rotate(-90)' text-anchor='middle'>%s</text>"
                .formatted((TOP + BOTTOM) / 2, Markup.escape(verticalTitle)));
    }

    /** Joins points (horizontal, vertical). */
    void line(List<double[]> points, String color) {
        line(points, Pen.of(color), "");
    }

    /**
     * Joins points (horizontal, vertical).
     *
     * @param title shown to who points at it; may be empty
     */
    public void line(List<double[]> points, Pen pen, String title) {
        add("<polyline fill='none' stroke='%s' stroke-width='1.5'%s points='%s'%s"
                .formatted(
                        pen.color(),
                        dashes(pen),
                        coordinates(points),
                        title.isEmpty() ? "/>" : "><title>" + Markup.escape(title) + "</title></polyline>"));
    }

    /** Fills what lies between two lines, faintly. */
    public void band(List<double[]> lower, List<double[]> upper, Pen pen) {
        List<double[]> back = new ArrayList<>(upper);
        Collections.reverse(back);
        List<double[]> around = Stream.concat(lower.stream(), back.stream()).toList();
        add("<polygon fill='%s' fill-opacity='0.15' points='%s'/>".formatted(pen.color(), coordinates(around)));
    }

    /** Draws a point. */
    public void dot(double horizontalValue, double verticalValue, String color) {
        add("<circle cx='%s' cy='%s' r='4' fill='%s'/>".formatted(x(horizontalValue), y(verticalValue), color));
    }

    /** Names a colour, in the upper right corner. */
    void legend(int row, String name, String color) {
        int top = TOP + 14 + 18 * row;
        add("<circle cx='%d' cy='%d' r='5' fill='%s'/>".formatted(RIGHT - 90, top, color));
        add("<text x='%d' y='%d' dominant-baseline='middle'>%s</text>".formatted(RIGHT - 78, top, Markup.escape(name)));
    }

    /** Names a pen, under the axes; {@code number} counts from 0. */
    public void key(int number, String name, Pen pen) {
        int x = LEFT + (RIGHT - LEFT) / KEYS_IN_ROW * (number % KEYS_IN_ROW);
        int y = HEIGHT + KEY_HEIGHT / 2 + KEY_HEIGHT * (number / KEYS_IN_ROW) - 4;
        add("<line x1='%d' x2='%d' y1='%d' y2='%d' stroke='%s' stroke-width='2.5'%s/>"
                .formatted(x, x + 26, y, y, pen.color(), dashes(pen)));
        add("<text x='%d' y='%d' dominant-baseline='middle'>%s</text>".formatted(x + 32, y, Markup.escape(name)));
    }

    public String svg() {
        return svg + "</svg>\n";
    }

    private void add(String element) {
        svg.append(element).append('\n');
    }

    private static String dashes(Pen pen) {
        return pen.dashes().equals("none") ? "" : " stroke-dasharray='" + pen.dashes() + "'";
    }

    private String coordinates(List<double[]> points) {
        return points.stream().map(point -> x(point[0]) + "," + y(point[1])).collect(Collectors.joining(" "));
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
