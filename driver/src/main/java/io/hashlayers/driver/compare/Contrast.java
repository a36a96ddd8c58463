package io.hashlayers.driver.compare;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * One side of a claim: a variant, or the difference of two.
 *
 * @param variants one, or two of which the second is subtracted
 */
public record Contrast(List<String> variants) {
    public Contrast {
        variants = List.copyOf(variants);
        if (variants.isEmpty() || variants.size() > 2) {
            throw new IllegalArgumentException("a contrast is of one or two variants, not of " + variants);
        }
    }

    /** Whether it is a difference of two variants. */
    public boolean difference() {
        return variants.size() == 2;
    }

    /** The value of this side; empty if a variant has none. */
    OptionalDouble value(Function<String, OptionalDouble> ofVariant) {
        OptionalDouble first = ofVariant.apply(variants.get(0));
        if (!difference() || first.isEmpty()) {
            return first;
        }
        OptionalDouble second = ofVariant.apply(variants.get(1));
        return second.isEmpty() ? second : OptionalDouble.of(first.getAsDouble() - second.getAsDouble());
    }

    @Override
    public String toString() {
        return String.join(" - ", variants);
    }
}
