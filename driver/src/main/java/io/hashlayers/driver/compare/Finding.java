package io.hashlayers.driver.compare;

import java.util.List;

/**
 * What a study says about a claim.
 *
 * @param claim that was tested
 * @param verdict of the test
 * @param left values of the left side, one a seed that both sides have
 * @param right values of the right side, of the same seeds
 * @param test of the differences left minus right
 * @param p of the test that decided
 */
public record Finding(Claim claim, Verdict verdict, List<Double> left, List<Double> right, PairedTest test, double p) {
    /** Pairs of seeds that a decision takes. */
    public static final int LEAST_PAIRS = 3;

    public Finding {
        left = List.copyOf(left);
        right = List.copyOf(right);
    }

    /** Whether a claim came true here. */
    public enum Verdict {
        REPRODUCED("reproduced"),
        NOT_REPRODUCED("not reproduced"),
        UNDECIDED("undecided at this scale");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        /** For people. */
        public String words() {
            return words;
        }
    }
}
