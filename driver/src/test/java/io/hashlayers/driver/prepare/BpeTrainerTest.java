package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.prepare.BpeTrainer.Dictionary;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {
    @RandomSeeds(20)
    void learnsWhatCountingAllPairsAnewWouldLearn(long seed) {
        Map<String, Long> words = randomWords(new SplittableRandom(seed));
        List<String> expected = naiveMerges(words, 12);

        List<String> merges = BpeTrainer.train(words, sizeAfter(expected)).merges();

        assertThat(merges).isEqualTo(expected);
    }

    @RandomSeeds(20)
    void learnsTheSameOfLongRunsOfFewCharacters(long seed) {
        var random = new SplittableRandom(seed);
        Map<String, Long> words = new TreeMap<>();
        for (int i = 0; i < 4; i++) {
            StringBuilder word = new StringBuilder();
            while (word.length() < 60) {
                word.append(String.valueOf((char) ('a' + random.nextInt(3))).repeat(random.nextInt(1, 20)));
            }
            words.put(word.toString(), random.nextLong(1, 5));
        }
        List<String> expected = naiveMerges(words, 25);

        List<String> merges = BpeTrainer.train(words, sizeAfter(expected)).merges();

        assertThat(merges).isEqualTo(expected);
    }

    /** Moving the rest of the word at every occurrence would copy 2^42 numbers in the first merge alone. */
    @Test
    void aVeryLongRunOfOneCharacterIsHalvedByEveryMerge() {
        String run = "x".repeat(1 << 22);

        Dictionary dictionary = BpeTrainer.train(Map.of(run, 1L), 257 + 21);

        for (int merge = 0; merge < 21; merge++) {
            String half = "x".repeat(1 << merge);
            assertThat(dictionary.merges().get(merge)).isEqualTo(half + " " + half);
        }
    }

    @Test
    void encodingByTheLibraryIsThatOfTheMergesAndDecodesToTheText() {
        Map<String, Long> words = new TreeMap<>();
        String text =
                "Ceci n'est pas  une pipe; \u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 123456 \u4f60\u597d\ud83d\ude00 don't  stop\n\tnow ";
        for (int i = 0; i < 3; i++) {
            PreTokens.forEach(text, word -> words.merge(word, 1L, Long::sum));
        }
        Dictionary dictionary = BpeTrainer.train(words, 300);

        try (TextTokenizer tokenizer = TextTokenizer.of(TokenizerJson.of(dictionary))) {
            assertThat(tokenizer.vocabularySize()).isEqualTo(300);
            assertThat(tokenizer.endOfText()).isZero();
            assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            assertThat(tokenizer.encode(text)).containsExactly(naiveEncode(dictionary, text));
        }
    }

    @Test
    void aDictionaryLargerThanTheTextAllowsIsRefusedWithTheLargest() {
        assertThatThrownBy(() -> BpeTrainer.train(Map.of("abab", 5L), 300))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("prepare.vocabulary-size is 300, but the text allows at most 259");
    }

    private static Map<String, Long> randomWords(SplittableRandom random) {
        Map<String, Long> words = new TreeMap<>();
        for (int i = 0; i < 30; i++) {
            StringBuilder word = new StringBuilder();
            for (int length = random.nextInt(1, 8); length > 0; length--) {
                word.append((char) ('a' + random.nextInt(3)));
            }
            words.merge(word.toString(), random.nextLong(1, 20), Long::sum);
        }
        return words;
    }

    /** Counts every pair of every word before each merge; ties go to the pair that comes first by the ids of its parts. */
    private static List<String> naiveMerges(Map<String, Long> words, int count) {
        List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
        Map<String, List<String>> split = new TreeMap<>();
        words.keySet().forEach(word -> split.put(word, new ArrayList<>(characters(word))));
        List<String> merges = new ArrayList<>();
        while (merges.size() < count) {
            Map<String, Long> counts = new TreeMap<>();
            split.forEach((word, parts) -> {
                for (int i = 0; i + 1 < parts.size(); i++) {
                    counts.merge(parts.get(i) + " " + parts.get(i + 1), words.get(word), Long::sum);
                }
            });
            String best = null;
            long most = 1; // a pair that occurs once is not merged
            for (String left : tokens) {
                for (String right : tokens) {
                    String pair = left + " " + right;
                    long occurs = counts.getOrDefault(pair, 0L);
                    if (occurs > most) {
                        best = pair;
                        most = occurs;
                    }
                }
            }
            if (best == null) {
                return merges;
            }
            merges.add(best);
            String token = best.replace(" ", "");
            if (!tokens.contains(token)) {
                tokens.add(token);
            }
            List<String> parts = List.of(best.split(" ", 2));
            split.values().forEach(word -> merge(word, parts.get(0), parts.get(1)));
        }
        return merges;
    }

    private static List<String> characters(String word) {
        return word.chars()
                .mapToObj(character -> String.valueOf((char) character))
                .toList();
    }

    private static void merge(List<String> parts, String left, String right) {
        for (int i = 0; i + 1 < parts.size(); i++) {
            if (parts.get(i).equals(left) && parts.get(i + 1).equals(right)) {
                parts.set(i, left + right);
                parts.remove(i + 1);
            }
        }
    }

    private static int sizeAfter(List<String> merges) {
        return 257
                + (int) merges.stream()
                        .map(merge -> merge.replace(" ", ""))
                        .distinct()
                        .count();
    }

    /** Applies the merges one after the other to each pre-token. */
    private static int[] naiveEncode(Dictionary dictionary, String text) {
        List<Integer> ids = new ArrayList<>();
        PreTokens.forEach(text, word -> {
            List<String> parts = new ArrayList<>(characters(ByteAlphabet.write(word)));
            for (String merge : dictionary.merges()) {
                List<String> pair = List.of(merge.split(" ", 2));
                merge(parts, pair.get(0), pair.get(1));
            }
            parts.forEach(part -> ids.add(dictionary.tokens().indexOf(part)));
        });
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
