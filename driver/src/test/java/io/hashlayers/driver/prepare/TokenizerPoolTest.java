package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TokenizerPoolTest {
    private final byte[] json = TokenizerJson.of(BpeTrainer.train(Map.of("pool", 9L), 258));
    private final byte[] other = TokenizerJson.of(BpeTrainer.train(Map.of("other", 9L), 258));

    @Test
    void aTokenizerIsHandedOnAndNeverToTwo() {
        TextTokenizer first = TokenizerPool.take(json);
        TextTokenizer second = TokenizerPool.take(json);
        assertThat(second).isNotSameAs(first);

        TokenizerPool.giveBack(first);

        assertThat(TokenizerPool.take(other)).isNotSameAs(first).satisfies(TextTokenizer::close);
        assertThat(TokenizerPool.take(json)).isSameAs(first);
        TokenizerPool.giveBack(second);
        TokenizerPool.close(json);
        assertThat(TokenizerPool.take(json)).isNotSameAs(second).satisfies(TextTokenizer::close);
        assertThatThrownBy(() -> second.encode("pool")).isInstanceOf(RuntimeException.class);
        first.close();
    }
}
