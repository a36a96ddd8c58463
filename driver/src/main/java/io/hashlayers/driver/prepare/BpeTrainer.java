package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Byte-pair encoding (Sennrich et al. 2016) over bytes: again and again, the most frequent pair of neighbours becomes one
 * token.
 *
 * <p>Pair counts are kept up to date as words change, and a heap with outdated entries finds the largest. Equal counts are
 * decided by the smaller ids, so equal words always give an equal dictionary. Ids: 0 the end of text, 1 to 256 the bytes,
 * then the merges in order. A pair that occurs once is not merged.
 */
final class BpeTrainer {
    static final int FIRST_BYTE = 1;

    private static final int LEAST_COUNT = 2;

    private final List<Word> words = new ArrayList<>();
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> candidates = new PriorityQueue<>(
            Comparator.comparingLong(Candidate::count).reversed().thenComparingLong(Candidate::pair));

    /** A word of the text, its tokens fewer after every merge. */
    private static final class Word {
        final int[] ids;
        final long count;
        int length;

        Word(int[] ids, long count) {
            this.ids = ids;
            this.count = count;
            this.length = ids.length;
        }
    }

    /** Two neighbours: how often they occur, and words that they occurred in at some time. */
    private static final class Pair {
        long count;
        int[] words = new int[2];
        int size;

        void in(int word) {
            if (size > 0 && words[size - 1] == word) {
                return;
            }
            if (size == words.length) {
                words = Arrays.copyOf(words, 2 * size);
            }
            words[size++] = word;
        }
    }

    /** A pair as it was counted when it entered the heap. */
    private record Candidate(long pair, long count) {}

    /**
     * A dictionary.
     *
     * @param tokens by id, the bytes written in stand-ins ({@link ByteAlphabet})
     * @param merges the two parts of each merge, apart by a space, in the order they were learned
     */
    record Dictionary(List<String> tokens, List<String> merges) {}

    private final List<String> tokens = new ArrayList<>();
    private final Map<String, Integer> idOf = new HashMap<>();

    private BpeTrainer(Map<String, Long> wordCounts) {
        add(TokenizerJson.END_OF_TEXT);
        for (int value = 0; value < 256; value++) {
            add(String.valueOf(ByteAlphabet.characterOf(value)));
        }
        wordCounts.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(entry -> {
            byte[] bytes = entry.getKey().getBytes(StandardCharsets.UTF_8);
            int[] ids = new int[bytes.length];
            Arrays.setAll(ids, i -> FIRST_BYTE + (bytes[i] & 0xFF));
            words.add(new Word(ids, entry.getValue()));
        });
    }

    /**
     * Learns the merges of a dictionary.
     *
     * @param wordCounts occurrences of each pre-token
     * @param vocabularySize {@code V}, of which 257 entries are the end of text and the bytes
     * @throws TrainingException of kind USER if the text has too few pairs that occur twice; it names the largest size
     */
    static Dictionary train(Map<String, Long> wordCounts, int vocabularySize) {
        return new BpeTrainer(wordCounts).learn(vocabularySize);
    }

    private Dictionary learn(int vocabularySize) {
        for (int word = 0; word < words.size(); word++) {
            int[] ids = words.get(word).ids;
            for (int i = 0; i + 1 < ids.length; i++) {
                change(pair(ids[i], ids[i + 1]), word, words.get(word).count);
            }
        }
        pairs.forEach((pair, counted) -> candidates.add(new Candidate(pair, counted.count)));
        List<String> merges = new ArrayList<>(vocabularySize);
        while (tokens.size() < vocabularySize) {
            Candidate best = candidates.poll();
            if (best == null || best.count() < LEAST_COUNT) {
                throw new TrainingException(
                        Failure.USER,
                        "prepare.vocabulary-size is " + vocabularySize + ", but the text allows at most "
                                + tokens.size() + "; lower it or give more text");
            }
            Pair known = pairs.get(best.pair());
            long current = countOf(best.pair());
            if (known != null && current == best.count()) {
                String left = tokens.get(left(best.pair()));
                String right = tokens.get(right(best.pair()));
                merge(known, best.pair(), add(left + right));
                merges.add(left + " " + right);
            } else if (current >= LEAST_COUNT) {
                candidates.add(new Candidate(best.pair(), current));
            }
        }
        return new Dictionary(tokens, merges);
    }

    /** The id of a token; two merges may make the same one. */
    private int add(String token) {
        return idOf.computeIfAbsent(token, fresh -> {
            tokens.add(fresh);
            return tokens.size() - 1;
        });
    }

    private void merge(Pair merged, long pair, int id) {
        Set<Long> grown = new HashSet<>();
        for (int i = 0; i < merged.size; i++) {
            merge(merged.words[i], left(pair), right(pair), id, grown);
        }
        pairs.remove(pair);
        grown.remove(pair);
        grown.forEach(fresh -> candidates.add(new Candidate(fresh, countOf(fresh))));
    }

    /** Merges a pair in one word, in one pass from left to right, and tells the counts of the neighbours. */
    private void merge(int number, int left, int right, int id, Set<Long> grown) {
        Word word = words.get(number);
        int[] ids = word.ids;
        int kept = 0; // ids before it are those of the merged word
        for (int i = 0; i < word.length; kept++) {
            if (i + 1 == word.length || ids[i] != left || ids[i + 1] != right) {
                ids[kept] = ids[i++];
                continue;
            }
            i += 2;
            if (kept > 0) {
                change(pair(ids[kept - 1], left), number, -word.count);
                grown.add(change(pair(ids[kept - 1], id), number, word.count));
            }
            if (i < word.length) {
                change(pair(right, ids[i]), number, -word.count);
                grown.add(change(pair(id, ids[i]), number, word.count));
            }
            ids[kept] = id;
        }
        word.length = kept;
    }

    private long change(long pair, int word, long by) {
        Pair changed = pairs.computeIfAbsent(pair, fresh -> new Pair());
        changed.count += by;
        if (by > 0) {
            changed.in(word);
        }
        return pair;
    }

    private long countOf(long pair) {
        Pair known = pairs.get(pair);
        return known == null ? 0 : known.count;
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    private static int left(long pair) {
        return (int) (pair >>> 32);
    }

    private static int right(long pair) {
        return (int) pair;
    }
}
