package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class UnigramModelTest {
    @Test
    void workedExample() {
        UnigramModel model = new UnigramModel(new long[] {5, 0, 0}); // p = 6/8, 1/8, 1/8

        assertThat(model.perplexity(new long[] {2, 1, 0}))
                .isCloseTo(Math.exp(-(2 * Math.log(6 / 8.0) + Math.log(1 / 8.0)) / 3), within(1e-12));
    }

    @Test
    void withoutTrainingTextEveryTokenIsEquallyLikely() {
        assertThat(new UnigramModel(new long[40]).perplexity(new long[] {3, 2, 1}))
                .isCloseTo(40, within(1e-9));
    }
}
