package io.hashlayers.driver.compare;

import java.util.List;
import java.util.stream.Stream;

/**
 * What somebody says, and what would show it here.
 *
 * @param text the claim, for people
 * @param source where it was made
 * @param left the one side
 * @param relation that is expected between the sides
 * @param right the other side
 * @param margin a share of the right side: by more than it for an order, within it for {@link Relation#ABOUT}; 0 for any
 *     difference
 * @param measure of both sides
 * @param equality that the variants of this claim must have; checked before anything is run
 */
public record Claim(
        String text,
        String source,
        Contrast left,
        Relation relation,
        Contrast right,
        double margin,
        Measure measure,
        Equality equality) {

    /** What is expected of the left side against the right one. */
    public enum Relation {
        BELOW("<", "below"),
        ABOVE(">", "above"),
        ABOUT("~", "about equal to");

        private final String sign;
        private final String words;

        Relation(String sign, String words) {
            this.sign = sign;
            this.words = words;
        }

        /** As it is written in a study. */
        public String sign() {
            return sign;
        }

        /** For sentences. */
        public String words() {
            return words;
        }
    }

    /** All variants that it speaks of. */
    public List<String> variants() {
        return Stream.of(left, right)
                .flatMap(side -> side.variants().stream())
                .distinct()
                .toList();
    }

    /** The expectation as a study writes it. */
    public String expectation() {
        return left + " " + relation.sign() + " " + right;
    }
}
