package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TextTokenizerTest {
    private static TextTokenizer tokenizer;

    @BeforeAll
    static void learn() {
        Map<String, Long> words = Map.of("endoftext", 9L, "<|", 5L, "|>", 5L, " some", 3L);
        tokenizer = TextTokenizer.of(TokenizerJson.of(BpeTrainer.train(words, 265)));
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void whatLooksLikeTheEndOfATextIsText() {
        for (String text : new String[] {
            "<|endoftext|>", "a<|endoftext|><|endoftext|>", "<|<|endoftext|>|> some <|endoftext|> some", "<|endoftext|"
        }) {
            int[] tokens = tokenizer.encode(text);

            assertThat(tokens).as(text).doesNotContain(tokenizer.endOfText());
            assertThat(tokenizer.decode(tokens)).as(text).isEqualTo(text);
        }
    }

    @Test
    void anEmptyTextHasNoTokens() {
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.decode(new int[0])).isEmpty();
    }
}
