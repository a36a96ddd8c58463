package io.hashlayers.driver.prepare;

import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.spark.HashPartitioner;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * How often each word (pre-token) occurs, counted in bounded memory: a task hands its counts on when it holds many, and the
 * driver collects the most frequent words only. Both follow from the texts alone.
 */
final class WordCounts {
    private static final int MOST_IN_TASK = 500_000;
    private static final int MOST_ON_DRIVER = 1_000_000; // their dictionary is learned in less than half a gigabyte
    private static final int PARTS_OF_A_TASK = 16; // a word is handed on once for all of them

    private final int mostInTask;
    private final int mostOnDriver;

    WordCounts() {
        this(MOST_IN_TASK, MOST_ON_DRIVER);
    }

    WordCounts(int mostInTask, int mostOnDriver) {
        this.mostInTask = mostInTask;
        this.mostOnDriver = mostOnDriver;
    }

    /**
     * Counts the words of texts. If there are too many different ones, those that occur least are left out, all that occur
     * equally often alike.
     *
     * @param progress hears how many there are
     */
    Map<String, Long> of(JavaRDD<String> texts, Consumer<String> progress) {
        int most = mostInTask; // tasks need not know the rest of this
        int tasks = Math.max(
                texts.getNumPartitions() / PARTS_OF_A_TASK, texts.context().defaultParallelism());
        JavaPairRDD<String, Long> counts =
                sum(texts.coalesce(tasks).mapPartitionsToPair(part -> new InTask(part, most)));
        SortedMap<Long, Long> wordsByCount = new TreeMap<>(counts.values().countByValue());
        long words = wordsByCount.values().stream().mapToLong(Long::longValue).sum();
        if (words <= mostOnDriver) {
            progress.accept("counted %,d different words".formatted(words));
            return counts.collectAsMap();
        }
        long least = leastCount(wordsByCount, mostOnDriver);
        Map<String, Long> frequent = counts.filter(word -> word._2() >= least).collectAsMap();
        progress.accept("counted %,d different words, of which the %,d that occur at least %,d times are kept"
                .formatted(words, frequent.size(), least));
        return frequent;
    }

    /** Without Spark's sums in the tasks, since {@link InTask} has done that. */
    private static JavaPairRDD<String, Long> sum(JavaPairRDD<String, Long> counts) {
        return counts.combineByKey(
                count -> count,
                Long::sum,
                Long::sum,
                new HashPartitioner(counts.getNumPartitions()),
                false,
                SparkEnv.get().serializer());
    }

    /** The smallest count such that no more than {@code most} words have it or a larger one. */
    static long leastCount(SortedMap<Long, Long> wordsByCount, long most) {
        long least = wordsByCount.lastKey() + 1;
        long words = 0;
        TreeMap<Long, Long> descending = new TreeMap<>(Collections.reverseOrder());
        descending.putAll(wordsByCount);
        for (Map.Entry<Long, Long> entry : descending.entrySet()) {
            words += entry.getValue();
            if (words > most) {
                return least;
            }
            least = entry.getKey();
        }
        return least;
    }

    /** Counts of the texts of a task, in as many batches as memory asks for; a word may be in several. */
    private static final class InTask implements Iterator<Tuple2<String, Long>> {
        private final Iterator<String> texts;
        private final int most;
        private final Map<String, Long> counts = new HashMap<>();
        private Iterator<Map.Entry<String, Long>> batch = Collections.emptyIterator();

        InTask(Iterator<String> texts, int most) {
            this.texts = texts;
            this.most = most;
        }

        @Override
        public boolean hasNext() {
            while (!batch.hasNext() && texts.hasNext()) {
                counts.clear();
                while (counts.size() < most && texts.hasNext()) {
                    PreTokens.forEach(texts.next(), word -> counts.merge(word, 1L, Long::sum));
                }
                batch = counts.entrySet().iterator();
            }
            return batch.hasNext();
        }

        @Override
        public Tuple2<String, Long> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Map.Entry<String, Long> word = batch.next();
            return new Tuple2<>(word.getKey(), word.getValue());
        }
    }
}
