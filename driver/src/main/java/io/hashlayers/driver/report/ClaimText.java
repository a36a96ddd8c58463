package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Claim;
import io.hashlayers.driver.compare.Claim.Relation;
import io.hashlayers.driver.compare.Contrast;
import io.hashlayers.driver.compare.Finding;
import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.PairedTest;
import java.util.List;
import java.util.Locale;

/** Tells a finding in sentences: the verdict, what was measured, by which test. */
final class ClaimText {
    private final Finding finding;
    private final Claim claim;

    ClaimText(Finding finding) {
        this.finding = finding;
        this.claim = finding.claim();
    }

    /** What was expected of what. */
    String expectation() {
        String margin = claim.margin() == 0
                ? ""
                : String.format(
                                Locale.ROOT,
                                claim.relation() == Relation.ABOUT ? ", within %s %%" : ", by more than %s %%",
                                plain(100 * claim.margin()))
                        + inPerplexity();
        return "Expected: %s of %s %s that of %s%s."
                .formatted(
                        claim.measure().title(),
                        name(claim.left()),
                        claim.relation().words(),
                        name(claim.right()),
                        margin);
    }

    /** A share of a loss says little to people. */
    private String inPerplexity() {
        if (claim.measure() != Measure.VALID_LOSS
                || finding.right().isEmpty()
                || claim.right().difference()) {
            return "";
        }
        double ratio = Math.expm1(claim.margin() * mean(finding.right()));
        return String.format(Locale.ROOT, " (%.1f %% in perplexity)", 100 * ratio);
    }

    /** What was measured. */
    String measured() {
        if (finding.left().isEmpty()) {
            return "No seed has a result on both sides.";
        }
        PairedTest test = finding.test();
        Measure measure = claim.measure();
        String values = "%s has %s, %s has %s"
                .formatted(
                        name(claim.left()),
                        measure.format(mean(finding.left())),
                        name(claim.right()),
                        measure.format(mean(finding.right())));
        String difference = "; the difference is " + signed(measure, test.mean());
        if (test.pairs() > 1) {
            difference += " (95 %% from %s to %s)"
                    .formatted(
                            signed(measure, test.mean() - test.halfWidth()),
                            signed(measure, test.mean() + test.halfWidth()));
        }
        return values + difference + ratio(test) + ".";
    }

    /** A difference of losses as a ratio of perplexities. */
    private String ratio(PairedTest test) {
        boolean losses = claim.measure() == Measure.VALID_LOSS && !claim.left().difference();
        return losses
                ? String.format(Locale.ROOT, ", %+.1f %% in perplexity", 100 * Math.expm1(test.mean()))
                        .replace('-', '\u2212')
                : "";
    }

    /** By which test, and what it said; empty if there was nothing to test. */
    String test() {
        PairedTest test = finding.test();
        if (test.pairs() == 0) {
            return "";
        }
        if (test.pairs() < Finding.LEAST_PAIRS) {
            return "Only %d of the %d pairs of seeds that a decision takes."
                    .formatted(test.pairs(), Finding.LEAST_PAIRS);
        }
        if (!test.applies()) {
            return "All %d differences are the same, so chance cannot be told from cause.".formatted(test.pairs());
        }
        String kind = claim.relation() == Relation.ABOUT
                ? "Two one-sided paired t-tests over %d seeds"
                : "Paired t-test over %d seeds";
        boolean shifted = claim.relation() != Relation.ABOUT && claim.margin() > 0;
        return kind.formatted(test.pairs())
                + (shifted ? " of what is beyond the margin" : "")
                + String.format(
                        Locale.ROOT,
                        ": p = %s, effect size d = %s.",
                        finding.p() < 0.0001 ? "less than 0.0001" : String.format(Locale.ROOT, "%.4f", finding.p()),
                        String.format(Locale.ROOT, "%.2f", test.effectSize()).replace('-', '\u2212'));
    }

    private static String name(Contrast side) {
        return side.difference() ? "(" + side + ")" : side.toString();
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    private static String signed(Measure measure, double value) {
        return (value < 0 ? "\u2212" : "+") + measure.format(Math.abs(value));
    }

    private static String plain(double value) {
        return String.format(Locale.ROOT, "%.4f", value).replaceFirst("\\.?0+$", "");
    }
}
