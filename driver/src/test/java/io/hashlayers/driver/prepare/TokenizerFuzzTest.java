package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import io.hashlayers.worker.data.DatasetFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerFuzzTest {
    private static final Configuration HADOOP = new Configuration();

    /** Words of all kinds that tokenizers cut, and an end of text that is none. */
    private static final String TEXT =
            "The tide's 42 boats — naïve, 東京 \ud83d\ude80, <|endoftext|> and\n\n  back\u0000again";

    /** A vocabulary of whole words, with most of what a file may have besides. */
    private static final String WORDS = """
            {"version": "1.0", "truncation": {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
             "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                         "pad_type_id": 0, "pad_token": "</s>"},
             "added_tokens": [
               {"id": 0, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                "special": true}],
             "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"},
               {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "a"}]},
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\\\s+|\\\\p{P}"}, "behavior": "Isolated", "invert": false},
             "post_processor": null, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
             "model": {"type": "WordLevel", "vocab": {"</s>": 0, "[UNK]": 1, "the": 2, "boats": 3}, "unk_token": "[UNK]"}}
            """;

    @TempDir
    Path dir;

    @Test
    void files() {
        byte[] learned = TokenizerJson.of(BpeTrainer.train(Map.of("boats", 9L, " the", 7L, " tide", 5L), 264));
        try (Fuzz fuzz = new Fuzz("tokenizer", dir.toString(), this::read)) {
            fuzz.run(List.of(learned, WORDS.getBytes(StandardCharsets.UTF_8)), UnaryOperator.identity(), 300);
        }
    }

    private void read(byte[] input) throws IOException {
        Files.write(dir.resolve(DatasetFiles.TOKENIZER), input);
        try (TextTokenizer tokenizer = TextTokenizer.load(HADOOP, dir.toString())) {
            int[] tokens = tokenizer.encode(TEXT);
            tokenizer.decode(tokens);
            requireInVocabulary(tokenizer, tokenizer.endOfText());
            for (int token : tokens) {
                requireInVocabulary(tokenizer, token);
            }
        }
    }

    private static void requireInVocabulary(TextTokenizer tokenizer, int token) {
        if (token < 0 || token >= tokenizer.vocabularySize()) {
            throw new IllegalStateException(
                    "token %d is outside the vocabulary of %d".formatted(token, tokenizer.vocabularySize()));
        }
    }
}
