package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WordCountsTest {
    private static SparkSession spark;

    private final List<String> said = new ArrayList<>();

    @BeforeAll
    static void startSpark() {
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    @Test
    void countsAreThoseOfAPlainLoopHoweverOftenATaskHandsThemOn() {
        List<String> texts = texts();
        Map<String, Long> expected = counts(texts);

        for (int mostInTask : new int[] {1, 7, 1_000_000}) {
            Map<String, Long> counts = new WordCounts(mostInTask, 1_000_000).of(rdd(texts), said::add);

            assertThat(counts).as("at most %d in a task", mostInTask).isEqualTo(expected);
        }
        assertThat(said).containsOnly("counted %d different words".formatted(expected.size()));
    }

    @Test
    void ofTooManyWordsTheMostFrequentAreKeptAndThatIsSaid() {
        List<String> texts = texts();
        Map<String, Long> expected = counts(texts);
        long least = 1;
        while (withAtLeast(expected, least) > 60) {
            least++;
        }

        Map<String, Long> counts = new WordCounts(7, 60).of(rdd(texts), said::add);

        long limit = least;
        expected.values().removeIf(count -> count < limit);
        assertThat(counts).isEqualTo(expected).isNotEmpty();
        assertThat(said)
                .singleElement()
                .asString()
                .endsWith("of which the %d that occur at least %d times are kept".formatted(expected.size(), limit));
    }

    @Test
    void noMoreWordsThanAllowedReachTheLeastCount() {
        var wordsByCount = new TreeMap<>(Map.of(1L, 10L, 2L, 5L, 9L, 2L));

        assertThat(WordCounts.leastCount(wordsByCount, 17)).isEqualTo(1);
        assertThat(WordCounts.leastCount(wordsByCount, 16)).isEqualTo(2);
        assertThat(WordCounts.leastCount(wordsByCount, 7)).isEqualTo(2);
        assertThat(WordCounts.leastCount(wordsByCount, 6)).isEqualTo(9);
        assertThat(WordCounts.leastCount(wordsByCount, 1)).isEqualTo(10);
    }

    private static List<String> texts() {
        var random = new SplittableRandom(3);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder();
            for (int words = random.nextInt(10); words >= 0; words--) {
                text.append(' ').append("w".repeat(1 + random.nextInt(1 + random.nextInt(200))));
            }
            texts.add(text.toString());
        }
        return texts;
    }

    private static Map<String, Long> counts(List<String> texts) {
        Map<String, Long> counts = new TreeMap<>();
        texts.forEach(text -> PreTokens.forEach(text, word -> counts.merge(word, 1L, Long::sum)));
        return counts;
    }

    private static long withAtLeast(Map<String, Long> counts, long least) {
        return counts.values().stream().filter(count -> count >= least).count();
    }

    private static JavaRDD<String> rdd(List<String> texts) {
        return JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(texts, 3);
    }
}
