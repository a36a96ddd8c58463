package io.hashlayers.driver.prepare;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import scala.Tuple2;

/**
 * Prints how fast the documents of a file of lines are encoded, in megabytes a second of one thread's processor time: by a
 * plain loop over the library's native functions, by a loop over its Java classes, and by our task, which also splits the
 * documents, counts their tokens and writes checksummed shards. Not a test, since figures are the machine's.
 */
final class EncodingTimings {
    private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();
    private static final int SHARD_BYTES = 4 << 20; // of text, as in a dataset

    private final byte[] json;
    private final List<String> documents;
    private final double megabytes;

    private EncodingTimings(byte[] json, List<String> documents) {
        this.json = json;
        this.documents = documents;
        this.megabytes = documents.stream().mapToLong(EncodingTimings::bytes).sum() / 1e6;
    }

    private interface Encoding {
        long tokens() throws IOException;
    }

    /**
     * Prints a line for each round, of all three in turn.
     *
     * @param arguments tokenizer.json, file of text, rounds
     */
    public static void main(String[] arguments) throws IOException {
        byte[] json = Files.readAllBytes(Path.of(arguments[0]));
        List<String> documents = Files.readAllLines(Path.of(arguments[1])).stream()
                .filter(line -> !line.isBlank())
                .toList();
        var timings = new EncodingTimings(json, documents);
        for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
            double library = timings.speed("library", timings::byTheLibrary);
            timings.speed("its Java classes", timings::byItsJavaClasses);
            double ours = timings.speed("our task", timings::byOurTask);
            System.out.printf("our task / library %.2f%n", ours / library);
        }
    }

    private double speed(String name, Encoding encoding) throws IOException {
        long start = THREAD.getCurrentThreadCpuTime();
        long tokens = encoding.tokens();
        double speed = megabytes / ((THREAD.getCurrentThreadCpuTime() - start) * 1e-9);
        System.out.printf("%s %.2f MB/s (%,d tokens), ", name, speed, tokens);
        return speed;
    }

    private long byTheLibrary() {
        TokenizersLibrary library = TokenizersLibrary.LIB;
        long tokens = 0;
        try (HuggingFaceTokenizer tokenizer = tokenizer()) {
            for (String document : documents) {
                long encoding = library.encode(tokenizer.getHandle(), document, false);
                tokens += library.getTokenIds(encoding).length;
                library.deleteEncoding(encoding);
            }
        }
        return tokens;
    }

    private long byItsJavaClasses() {
        long tokens = 0;
        try (HuggingFaceTokenizer tokenizer = tokenizer()) {
            for (String document : documents) {
                tokens += tokenizer.encode(document, false, false).getIds().length;
            }
        }
        return tokens;
    }

    private HuggingFaceTokenizer tokenizer() {
        try {
            return HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json),
                    Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In parts of the size of a shard. */
    private long byOurTask() throws IOException {
        Path folder = Files.createTempDirectory("encoding-timings");
        var task = new ShardTask(json, folder.toString(), new SplitRule(0.02, 0.02, 1));
        long tokens = 0;
        Iterator<Tuple2<Long, String>> keyed = IntStream.range(0, documents.size())
                .mapToObj(i -> new Tuple2<>((long) i, documents.get(i)))
                .iterator();
        for (int shard = 0; keyed.hasNext(); shard++) {
            for (ShardTask.Result result : task.write(new Configuration(), shard, 0, new OfOneShard(keyed))) {
                tokens += result.shard().tokens() - result.documents();
            }
        }
        task.end(); // the next round starts with nothing, too
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        return tokens;
    }

    private static long bytes(String document) {
        return document.getBytes(StandardCharsets.UTF_8).length;
    }

    /** The next documents of many. */
    private static final class OfOneShard implements Iterator<Tuple2<Long, String>> {
        private final Iterator<Tuple2<Long, String>> all;
        private long given;

        OfOneShard(Iterator<Tuple2<Long, String>> all) {
            this.all = all;
        }

        @Override
        public boolean hasNext() {
            return given < SHARD_BYTES && all.hasNext();
        }

        @Override
        public Tuple2<Long, String> next() {
            Tuple2<Long, String> next = all.next();
            given += next._2().length();
            return next;
        }
    }
}
