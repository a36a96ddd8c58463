package io.hashlayers.driver.compare;

import io.hashlayers.driver.compare.Finding.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * Judges a claim by paired t-tests over seeds, at the level of 5 %. With fewer than three pairs, or without any spread
 * over seeds, nothing is decided.
 *
 * <p>An order: the differences {@code left - (1 -+ margin) right} against zero, two-sided; reproduced if they are significant on
 * the side that is expected, not reproduced if on the other. Equality within a margin: two one-sided tests (Schuirmann 1987),
 * reproduced if the difference is significantly inside the margin on both sides, not reproduced if significantly outside on one.
 */
final class ClaimTest {
    static final double LEVEL = 0.05;

    private final Claim claim;
    private final List<Double> left = new ArrayList<>();
    private final List<Double> right = new ArrayList<>();

    private ClaimTest(Claim claim) {
        this.claim = claim;
    }

    /**
     * Judges a claim.
     *
     * @param value of the claim's measure, of a variant and a seed; empty if that run has none
     */
    static Finding judge(Claim claim, List<Long> seeds, BiFunction<String, Long, OptionalDouble> value) {
        var test = new ClaimTest(claim);
        for (long seed : seeds) {
            OptionalDouble ofLeft = claim.left().value(variant -> value.apply(variant, seed));
            OptionalDouble ofRight = claim.right().value(variant -> value.apply(variant, seed));
            if (ofLeft.isPresent() && ofRight.isPresent()) {
                test.left.add(ofLeft.getAsDouble());
                test.right.add(ofRight.getAsDouble());
            }
        }
        return test.finding();
    }

    private Finding finding() {
        return switch (claim.relation()) {
            case BELOW -> order(differences(1 - claim.margin()), true);
            case ABOVE -> order(differences(1 + claim.margin()), false);
            case ABOUT -> equality();
        };
    }

    private Finding order(PairedTest shifted, boolean below) {
        boolean significant = shifted.p() < LEVEL;
        return finding(significant && shifted.mean() < 0 == below, significant, shifted.p());
    }

    private Finding equality() {
        double belowUpper = differences(1 + claim.margin()).pBelow();
        double aboveLower = 1 - differences(1 - claim.margin()).pBelow();
        boolean inside = Math.max(belowUpper, aboveLower) < LEVEL;
        boolean outside = Math.min(1 - belowUpper, 1 - aboveLower) < LEVEL;
        double p = outside ? Math.min(1 - belowUpper, 1 - aboveLower) : Math.max(belowUpper, aboveLower);
        return finding(inside, inside || outside, p);
    }

    private Finding finding(boolean asExpected, boolean significant, double p) {
        Verdict verdict = left.size() < Finding.LEAST_PAIRS || !significant
                ? Verdict.UNDECIDED
                : asExpected ? Verdict.REPRODUCED : Verdict.NOT_REPRODUCED;
        return new Finding(claim, verdict, left, right, differences(1), p);
    }

    /** Left minus so many times right. */
    private PairedTest differences(double times) {
        return PairedTest.of(IntStream.range(0, left.size())
                .mapToDouble(pair -> left.get(pair) - times * right.get(pair))
                .toArray());
    }
}
