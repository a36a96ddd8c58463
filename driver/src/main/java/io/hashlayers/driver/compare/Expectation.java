package io.hashlayers.driver.compare;

import io.hashlayers.driver.compare.Claim.Relation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The expectation of a claim as it is written: {@code SIDE < SIDE}, {@code SIDE > SIDE} or {@code SIDE ~ SIDE}, where a side is
 * {@code VARIANT} or {@code VARIANT - VARIANT}; signs stand between spaces, since names may hold hyphens.
 */
record Expectation(Contrast left, Relation relation, Contrast right) {
    /** Reads it; empty if it is not of this form. */
    static Optional<Expectation> parse(String text) {
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        Relation relation = null;
        for (String word : text.strip().split("\\s+", -1)) {
            Optional<Relation> sign = relation(word);
            if (sign.isEmpty()) {
                (relation == null ? before : after).add(word);
            } else if (relation == null) {
                relation = sign.get();
            } else {
                return Optional.empty();
            }
        }
        Optional<Contrast> left = side(before);
        Optional<Contrast> right = side(after);
        return relation == null || left.isEmpty() || right.isEmpty()
                ? Optional.empty()
                : Optional.of(new Expectation(left.get(), relation, right.get()));
    }

    private static Optional<Relation> relation(String word) {
        for (Relation relation : Relation.values()) {
            if (relation.sign().equals(word)) {
                return Optional.of(relation);
            }
        }
        return Optional.empty();
    }

    private static Optional<Contrast> side(List<String> words) {
        if (words.size() == 1 && !words.get(0).isEmpty() && !words.get(0).equals("-")) {
            return Optional.of(new Contrast(words));
        }
        boolean difference = words.size() == 3 && words.get(1).equals("-");
        return difference ? Optional.of(new Contrast(List.of(words.get(0), words.get(2)))) : Optional.empty();
    }
}
