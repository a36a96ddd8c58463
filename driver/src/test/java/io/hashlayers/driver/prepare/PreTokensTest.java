package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.hashlayers.driver.prepare.BpeTrainer.Dictionary;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The oracle is the library itself: of a dictionary of bytes alone, it makes one token of each byte and says which word,
 * that is which piece, the token belongs to.
 */
class PreTokensTest {
    private static final String[] SCRAPS = {
        "a",
        "Z",
        "\u00e9",
        "e\u0301",
        "\u03a9",
        "\u4f60",
        "\ud83d\ude00",
        "\ud835\udd38",
        "1",
        "\u0664",
        "\u00bd",
        "\u2167",
        " ",
        "  ",
        "\n",
        "\r",
        "\t",
        "\u00a0",
        "\u2003",
        "\u3000",
        "\u0085",
        "\u200b",
        "\u2028",
        "\u001c",
        "'",
        "'s",
        "'ll",
        "'RE",
        "'t",
        "\u2019",
        "-",
        "_",
        "!",
        "\u20ac",
        "\u0000",
        "\ufeff",
        "\u093f",
        "\u200d",
        "\ufffd"
    };

    private static HuggingFaceTokenizer bytes;

    @BeforeAll
    static void loadADictionaryOfBytes() throws IOException {
        List<String> tokens = new ArrayList<>(List.of(TokenizerJson.END_OF_TEXT));
        for (int value = 0; value < 256; value++) {
            tokens.add(String.valueOf(ByteAlphabet.characterOf(value)));
        }
        bytes = HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(TokenizerJson.of(new Dictionary(tokens, List.of()))),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
    }

    @AfterAll
    static void close() {
        bytes.close();
    }

    @RandomSeeds(50)
    void piecesAreThoseOfTheLibrary(long seed) {
        var random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(400); i > 0; i--) {
            text.append(SCRAPS[random.nextInt(SCRAPS.length)]);
        }

        assertThat(pieces(text.toString())).isEqualTo(piecesOfTheLibrary(text.toString()));
    }

    @Test
    void everyCharacterIsOfTheKindThatTheLibraryTakesItFor() {
        StringBuilder text = new StringBuilder();
        for (int character = 0; character <= Character.MAX_CODE_POINT; character++) {
            int type = Character.getType(character);
            if (type != Character.UNASSIGNED && type != Character.SURROGATE) {
                text.append('a')
                        .appendCodePoint(character)
                        .append('1')
                        .appendCodePoint(character)
                        .append('.');
                text.appendCodePoint(character)
                        .append(' ')
                        .appendCodePoint(character)
                        .append('\n');
            }
            if (text.length() > 20_000) {
                assertThat(pieces(text.toString())).isEqualTo(piecesOfTheLibrary(text.toString()));
                text.setLength(0);
            }
        }
        assertThat(pieces(text.toString())).isEqualTo(piecesOfTheLibrary(text.toString()));
    }

    private static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        PreTokens.forEach(text, pieces::add);
        return pieces;
    }

    private static List<String> piecesOfTheLibrary(String text) {
        long[] words = bytes.encode(text, false, false).getWordIds();
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        assertThat(words).hasSize(content.length);
        List<String> pieces = new ArrayList<>();
        int start = 0;
        for (int i = 1; i <= words.length; i++) {
            if (i == words.length || words[i] != words[start]) {
                pieces.add(new String(content, start, i - start, StandardCharsets.UTF_8));
                start = i;
            }
        }
        return pieces;
    }
}
