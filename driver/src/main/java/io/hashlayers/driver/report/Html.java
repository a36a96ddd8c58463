package io.hashlayers.driver.report;

import io.hashlayers.driver.track.Markup;
import java.util.ArrayDeque;
import java.util.Deque;

/** Builds a piece of a page; all text and all values of attributes are escaped, and every element is closed. */
final class Html {
    private final StringBuilder markup = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param attributes names and values in turn
     */
    Html begin(String element, String... attributes) {
        markup.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            markup.append(' ')
                    .append(attributes[i])
                    .append("=\"")
                    .append(Markup.escape(attributes[i + 1]))
                    .append('"');
        }
        markup.append('>');
        open.push(element);
        return this;
    }

    /** Closes the element that was opened last. */
    Html end() {
        markup.append("</").append(open.pop()).append(">\n");
        return this;
    }

    Html text(String text) {
        markup.append(Markup.escape(text));
        return this;
    }

    /** A whole element. */
    Html element(String element, String text, String... attributes) {
        return begin(element, attributes).text(text).end();
    }

    /** Markup of our own. */
    Html add(String ready) {
        markup.append(ready);
        return this;
    }

    /** The markup; every element must have been closed. */
    String markup() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("still open: " + open);
        }
        return markup.toString();
    }
}
