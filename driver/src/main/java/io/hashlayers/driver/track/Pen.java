package io.hashlayers.driver.track;

/**
 * How a line is drawn, so that lines are told apart, in print and by those who see few colours too.
 *
 * @param color of SVG
 * @param dashes of SVG, {@code none} for a whole line
 */
public record Pen(String color, String dashes) {
    private static final String[] COLORS = {
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5c00", "#56b4e9", "#5b3a9b", "#333333"
    };
    private static final String[] DASHES = {"none", "7 3", "2 3", "9 3 2 3"};

    /** A whole line of a colour. */
    static Pen of(String color) {
        return new Pen(color, "none");
    }

    /** One of many; the first 32 all differ. */
    public static Pen number(int number) {
        return new Pen(COLORS[number % COLORS.length], DASHES[number / COLORS.length % DASHES.length]);
    }
}
