package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.ConfigSection;
import io.hashlayers.sharding.TrainingException;
import java.util.List;

/** Reads a claim of a study. */
final class ClaimReader {
    private static final List<String> KEYS = List.of("claim", "source", "expect", "margin", "measure", "equal");

    private final ConfigSection section;
    private final List<String> variants;

    /**
     * @param variants of the study, by name
     */
    ClaimReader(ConfigSection section, List<String> variants) {
        this.section = section;
        this.variants = variants;
    }

    /**
     * Reads it.
     *
     * @throws TrainingException of kind {@code USER} if it cannot be understood, or speaks of variants that there are not
     */
    Claim read() {
        section.requireOnly(KEYS);
        Expectation expectation = Expectation.parse(section.text("expect"))
                .orElseThrow(() -> section.wrong(
                        "expect",
                        "\"A < B\", \"A > B\" or \"A ~ B\" with spaces around the sign, A and B being variants or differences"
                                + " \"C - D\""));
        double margin = section.number("margin", 0);
        var claim = new Claim(
                section.text("claim"),
                section.text("source"),
                expectation.left(),
                expectation.relation(),
                expectation.right(),
                margin,
                section.choice("measure", Measure.VALID_LOSS),
                section.choice("equal", Equality.NONE));
        for (String variant : claim.variants()) {
            if (!variants.contains(variant)) {
                throw section.wrong(
                        "expect",
                        "of variants of the study, " + String.join(", ", variants) + "; " + variant + " is none");
            }
        }
        requireMargin(claim);
        return claim;
    }

    private void requireMargin(Claim claim) {
        boolean about = claim.relation() == Claim.Relation.ABOUT;
        if (about && !section.has("margin")) {
            throw section.wrong("expect", "given a margin, the share within which both sides count as equal");
        }
        if (section.has("margin") && !(claim.margin() > 0 && claim.margin() < 1)) {
            throw section.wrong("margin", "more than 0 and less than 1, a share of the right side");
        }
        if (section.has("margin") && (claim.left().difference() || claim.right().difference())) {
            throw section.wrong("margin", "left out for differences of variants");
        }
    }
}
