package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitRuleTest {
    private static final int TEXTS = 100_000;

    @Test
    void sharesOfTheSplitsAreThoseAskedFor() {
        int[] texts = texts(new SplitRule(0.1, 0.02, 7));

        // four standard deviations of a binomial count are at most 0.0038 of the texts
        assertThat((double) texts[SplitRule.VALID] / TEXTS).isCloseTo(0.1, within(0.004));
        assertThat((double) texts[SplitRule.TEST] / TEXTS).isCloseTo(0.02, within(0.002));
        assertThat(texts[SplitRule.TRAIN] + texts[SplitRule.VALID] + texts[SplitRule.TEST])
                .isEqualTo(TEXTS);
    }

    @Test
    void sharesOfNothingAndOfAllAreExact() {
        assertThat(texts(new SplitRule(0, 0, 7))).containsExactly(TEXTS, 0, 0);
        assertThat(texts(new SplitRule(1, 0, 7))).containsExactly(0, TEXTS, 0);
        assertThat(texts(new SplitRule(0, 1, 7))).containsExactly(0, 0, TEXTS);
    }

    @Test
    void anotherSeedDealsAnew() {
        var one = new SplitRule(0.5, 0, 1);
        var other = new SplitRule(0.5, 0, 2);

        long equal = IntStream.range(0, TEXTS)
                .filter(i -> one.splitOf("text " + i) == other.splitOf("text " + i))
                .count();

        assertThat((double) equal / TEXTS).isCloseTo(0.5, within(0.01));
    }

    private static int[] texts(SplitRule rule) {
        int[] texts = new int[SplitRule.SPLITS.size()];
        for (int i = 0; i < TEXTS; i++) {
            texts[rule.splitOf("text " + i)]++;
        }
        return texts;
    }
}
