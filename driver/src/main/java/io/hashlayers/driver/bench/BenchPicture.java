package io.hashlayers.driver.bench;

import io.hashlayers.driver.bench.OperationTime.Part;
import java.util.List;
import java.util.Locale;

/** The operations of a step as bars, longest first, coloured by the part of the step that they belong to; an SVG document. */
public final class BenchPicture {
    private static final int MOST_BARS = 24;
    private static final int WIDTH = 760;
    private static final int LABELS = 330;
    private static final int BAR = 18;
    private static final int TOP = 70;
    private static final int LEGENDS_IN_ROW = 4;

    private final BenchReport report;
    private final StringBuilder svg = new StringBuilder();

    private BenchPicture(BenchReport report) {
        this.report = report;
    }

    /** Draws a report. */
    public static String of(BenchReport report) {
        return new BenchPicture(report).draw();
    }

    private String draw() {
        List<OperationTime> shown =
                report.operations().stream().limit(MOST_BARS).toList();
        int height = TOP + BAR * (shown.size() + 1) + 16;
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' font-family='sans-serif' font-size='11'>",
                WIDTH, height);
        add("<rect width='%d' height='%d' fill='white'/>", WIDTH, height);
        add(
                "<text x='8' y='18' font-size='13'>a step of rank 0: %.1f ms; %,.0f tokens/s, %.1f %% of the sgemm peak</text>",
                report.notedSeconds() * 1e3,
                report.steps().tokensPerSecond(),
                100 * report.steps().shareOfPeak());
        legend();
        double rest = report.notedSeconds()
                - shown.stream().mapToDouble(OperationTime::seconds).sum();
        double longest = Math.max(rest, shown.isEmpty() ? 1 : shown.get(0).seconds());
        for (int i = 0; i < shown.size(); i++) {
            OperationTime time = shown.get(i);
            bar(time.name() + ", " + time.shape(), time.seconds(), time.part().color, TOP + BAR * i, longest);
        }
        bar("all smaller ones", rest, "#bbbbbb", TOP + BAR * shown.size(), longest);
        return svg + "</svg>\n";
    }

    private void legend() {
        int number = 0;
        for (Part part : Part.values()) {
            int x = 8 + (WIDTH / LEGENDS_IN_ROW) * (number % LEGENDS_IN_ROW);
            int y = 30 + 16 * (number / LEGENDS_IN_ROW);
            add("<rect x='%d' y='%d' width='10' height='10' fill='%s'/>", x, y, part.color);
            add("<text x='%d' y='%d'>%s %.1f ms</text>", x + 14, y + 9, part.title, report.seconds(part) * 1e3);
            number++;
        }
    }

    private void bar(String label, double seconds, String color, int y, double longest) {
        double width = (WIDTH - LABELS - 60) * seconds / longest;
        add("<text x='%d' y='%d' text-anchor='end'>%s</text>", LABELS - 6, y + 12, label);
        add("<rect x='%d' y='%d' width='%.1f' height='%d' fill='%s'/>", LABELS, y + 2, width, BAR - 4, color);
        add("<text x='%.1f' y='%d'>%.2f ms</text>", LABELS + width + 5, y + 12, seconds * 1e3);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
