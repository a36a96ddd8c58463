package io.hashlayers.driver.report;

import java.util.ArrayList;
import java.util.List;

/** A table that scrolls sideways where it does not fit; the first column names its rows. */
final class HtmlTable {
    private final Html html = new Html();
    private final List<Heading> headings;
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * A column.
     *
     * @param title over it
     * @param meaning shown to who points at it; may be empty
     * @param words whether it holds sentences and not numbers
     */
    record Heading(String title, String meaning, boolean words) {
        static Heading number(String title, String meaning) {
            return new Heading(title, meaning, false);
        }

        static Heading words(String title) {
            return new Heading(title, "", true);
        }

        private String[] attributes() {
            return meaning.isEmpty()
                    ? new String[] {"scope", "col", "class", kind()}
                    : new String[] {"scope", "col", "class", kind(), "title", meaning};
        }

        private String kind() {
            return words ? "words" : "number";
        }
    }

    HtmlTable(List<Heading> headings) {
        this.headings = List.copyOf(headings);
    }

    /** Adds a row of texts, one for each heading. */
    void row(List<String> cells) {
        if (cells.size() != headings.size()) {
            throw new IllegalArgumentException(cells.size() + " cells under " + headings.size() + " headings");
        }
        rows.add(List.copyOf(cells));
    }

    /** The table with its caption under it. */
    String markup(String caption) {
        html.begin("figure").begin("div", "class", "scroll", "tabindex", "0").begin("table");
        html.begin("thead").begin("tr");
        for (Heading heading : headings) {
            html.element("th", heading.title(), heading.attributes());
        }
        html.end().end().begin("tbody");
        for (List<String> row : rows) {
            html.begin("tr").element("th", row.get(0), "scope", "row");
            for (int column = 1; column < row.size(); column++) {
                html.element(
                        "td", row.get(column), "class", headings.get(column).kind());
            }
            html.end();
        }
        html.end().end().end().element("figcaption", caption).end();
        return html.markup();
    }
}
