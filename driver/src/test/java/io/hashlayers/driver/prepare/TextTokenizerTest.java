package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
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

    /** One is assigned in no Unicode, the others became letters or pictures after Java's; the library may know them. */
    @Test
    void charactersThatJavaDoesNotKnowAreCutAsTheLibraryDoes() throws IOException {
        byte[] json = TokenizerJson.of(BpeTrainer.train(Map.of(" some", 3L), 258));
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"))) {
            for (String character : new String[] {"\u0378", "\ud803\udec6", "\ud83e\udee8", "\u1c89"}) {
                String text = "a" + character + "1 some " + character + " '" + character + "s\n" + character;
                int[] whole = Arrays.stream(library.encode(text, false, false).getIds())
                        .mapToInt(Math::toIntExact)
                        .toArray();
                try (TextTokenizer ours = TextTokenizer.of(json)) {
                    assertThat(PreTokens.certain(text)).as(character).isFalse();
                    assertThat(ours.encode(text)).as(character).containsExactly(whole);
                }
            }
        }
    }

    @Test
    void anEmptyTextHasNoTokens() {
        assertThat(tokenizer.encode("")).isEmpty();
        assertThat(tokenizer.decode(new int[0])).isEmpty();
    }
}
