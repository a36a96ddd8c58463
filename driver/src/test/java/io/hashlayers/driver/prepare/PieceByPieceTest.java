package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The oracle is the library's encoding of the whole text at once. */
class PieceByPieceTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] SCRAPS = {
        "the",
        "The",
        " the",
        "r\u00e9sum\u00e9",
        "\u4f60\u597d",
        "\ud83d\ude00",
        "\ud835\udd38",
        "\ue000",
        "12",
        "\u0664",
        "\u2167",
        " ",
        "   ",
        "\n",
        "\r\n",
        "\t",
        "\u00a0",
        "\u3000",
        "\u0085",
        "\u200b",
        "'",
        "'s",
        "'ll",
        "'v",
        "'re",
        "!",
        "<|",
        "\u0000",
        "e\u0301",
        "x".repeat(70)
    };

    private static byte[] json;
    private static HuggingFaceTokenizer library;

    @BeforeAll
    static void learn() throws IOException {
        Map<String, Long> words = new TreeMap<>();
        for (String scrap : SCRAPS) {
            PreTokens.forEach(" " + scrap + scrap + " ", word -> words.merge(word, 3L, Long::sum));
        }
        json = TokenizerJson.of(BpeTrainer.train(words, 290));
        library = HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
    }

    @AfterAll
    static void close() {
        library.close();
    }

    @RandomSeeds(50)
    void tokensAreThoseOfTheWholeTextHoweverFewPiecesAreRemembered(long seed) {
        var random = new SplittableRandom(seed);
        for (int most : new int[] {1, 5, 1_000}) {
            var pieces = new PieceByPiece(PieceByPieceTest::whole, most);
            for (int text = 0; text < 5; text++) {
                String drawn = draw(random);

                assertThat(pieces.encode(drawn)).as(drawn).containsExactly(whole(drawn));
            }
        }
    }

    @RandomSeeds(20)
    void aPieceThatIsCutAgainStaysWhole(long seed) {
        PreTokens.forEach(
                draw(new SplittableRandom(seed)),
                piece -> assertThat(PreTokens.end(piece, 0)).as(piece).isEqualTo(piece.length()));
    }

    @Test
    void aPieceThatComesAgainAndAgainIsEncodedOnceAndLongOnesAreNotKept() {
        var asked = new AtomicInteger();
        var pieces = new PieceByPiece(
                piece -> {
                    asked.incrementAndGet();
                    return whole(piece);
                },
                4);

        for (String other : new String[] {" a", " b", " c", " d", " e"}) {
            pieces.encode(" the" + other);
        }
        assertThat(asked).hasValue(6);
        pieces.encode("x".repeat(100));
        pieces.encode("x".repeat(100));
        assertThat(asked).hasValue(8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/normalizer | {\"type\":\"NFC\"}",
                "/pre_tokenizer | null",
                "/pre_tokenizer/type | \"Whitespace\"",
                "/pre_tokenizer/add_prefix_space | true",
                "/pre_tokenizer/use_regex | false",
                "/post_processor | {\"type\":\"TemplateProcessing\"}",
                "/model/type | \"Unigram\"",
                "/model/dropout | 0.1",
                "/added_tokens/1 | {\"id\":7,\"content\":\"the\"}"
            })
    void onlyTokenizersThatCutLikeOursAreAllowed(String at, String value) throws IOException {
        JsonNode changed = JSON.readTree(json);
        assertThat(PieceByPiece.allowedBy(changed)).isTrue();
        int slash = at.lastIndexOf('/');
        JsonNode parent = changed.at(at.substring(0, slash));
        if (parent instanceof ObjectNode object) {
            object.set(at.substring(slash + 1), JSON.readTree(value));
        } else {
            ((ArrayNode) parent).add(JSON.readTree(value));
        }

        assertThat(PieceByPiece.allowedBy(changed)).isFalse();
    }

    private static String draw(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(100); i > 0; i--) {
            text.append(SCRAPS[random.nextInt(SCRAPS.length)]);
        }
        return text.toString();
    }

    private static int[] whole(String text) {
        return Arrays.stream(library.encode(text, false, false).getIds())
                .mapToInt(Math::toIntExact)
                .toArray();
    }
}
