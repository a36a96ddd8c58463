package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.compare.Claim.Relation;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpectationTest {
    @Test
    void sidesAreVariantsOrDifferencesOfTwo() {
        assertThat(Expectation.parse(" hash-16   <\tswitch-16 "))
                .contains(new Expectation(
                        new Contrast(List.of("hash-16")), Relation.BELOW, new Contrast(List.of("switch-16"))));
        assertThat(Expectation.parse("a - b > c"))
                .contains(new Expectation(new Contrast(List.of("a", "b")), Relation.ABOVE, new Contrast(List.of("c"))));
        assertThat(Expectation.parse("a ~ c - d")).map(Expectation::relation).contains(Relation.ABOUT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "a <",
                "< b",
                "a<b",
                "a < b < c",
                "a b < c",
                "a - < c",
                "- a < c",
                "a - b - c < d",
                "a = b"
            })
    void anythingElseIsNone(String text) {
        assertThat(Expectation.parse(text)).isEmpty();
    }

    @Test
    void aDifferenceIsSubtractedAndMissingIfOneSideIs() {
        var difference = new Contrast(List.of("a", "b"));

        assertThat(difference.value(name -> OptionalDouble.of(name.equals("a") ? 5 : 3)))
                .hasValue(2);
        assertThat(difference.value(name -> name.equals("a") ? OptionalDouble.of(5) : OptionalDouble.empty()))
                .isEmpty();
        assertThat(difference.value(name -> name.equals("b") ? OptionalDouble.of(5) : OptionalDouble.empty()))
                .isEmpty();
    }
}
