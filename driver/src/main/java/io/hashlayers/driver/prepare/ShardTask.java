package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenShardWriter;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import scala.Tuple2;

/** Encodes the documents of one partition into one shard of each split. */
final class ShardTask implements Serializable {
    private final byte[] tokenizerJson;
    private final String dir;
    private final SplitRule splitRule;

    ShardTask(byte[] tokenizerJson, String dir, SplitRule splitRule) {
        this.tokenizerJson = tokenizerJson;
        this.dir = dir;
        this.splitRule = splitRule;
    }

    /** One split of a shard while it is written. */
    private static final class Part {
        final TokenShardWriter writer;
        final long[] counts;
        long documents;
        long bytes;

        Part(TokenShardWriter writer, int vocabularySize) {
            this.writer = writer;
            this.counts = new long[vocabularySize];
        }
    }

    /** What became of one split of a partition: its shard, and how often each token that it holds occurs. */
    static final class Result {
        private final SplitInfo.Shard shard;
        private final long documents;
        private final long bytes;
        private final int[] tokens;
        private final long[] counts;

        Result(SplitInfo.Shard shard, long documents, long bytes, int[] tokens, long[] counts) {
            this.shard = shard;
            this.documents = documents;
            this.bytes = bytes;
            this.tokens = tokens;
            this.counts = counts;
        }

        SplitInfo.Shard shard() {
            return shard;
        }

        long documents() {
            return documents;
        }

        /** UTF-8 bytes of the texts. */
        long bytes() {
            return bytes;
        }

        /** Tokens that occur, ascending. */
        int[] tokens() {
            return tokens;
        }

        /** Occurrences of each of {@link #tokens}. */
        long[] counts() {
            return counts;
        }
    }

    /** Writes the shards of a partition; results in the order of {@link SplitRule#SPLITS}. */
    Result[] write(Configuration hadoop, int partition, Iterator<Tuple2<Long, String>> documents) throws IOException {
        try (TextTokenizer tokenizer = TextTokenizer.of(tokenizerJson)) {
            Part[] parts = new Part[SplitRule.SPLITS.size()];
            for (int split = 0; split < parts.length; split++) {
                String file = DatasetFiles.shard(SplitRule.SPLITS.get(split), partition);
                parts[split] = new Part(
                        new TokenShardWriter(hadoop, new Path(dir), file, tokenizer.vocabularySize()),
                        tokenizer.vocabularySize());
            }
            while (documents.hasNext()) {
                String text = documents.next()._2();
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                add(parts[splitRule.splitOf(bytes)], tokenizer, text, bytes.length);
            }
            Result[] results = new Result[parts.length];
            for (int split = 0; split < parts.length; split++) {
                results[split] = finish(parts[split]);
            }
            return results;
        }
    }

    private static void add(Part part, TextTokenizer tokenizer, String text, int bytes) throws IOException {
        for (int token : tokenizer.encode(text)) {
            part.writer.write(token);
            part.counts[token]++;
        }
        part.writer.write(tokenizer.endOfText());
        part.counts[tokenizer.endOfText()]++;
        part.documents++;
        part.bytes += bytes;
    }

    private static Result finish(Part part) throws IOException {
        int[] tokens = IntStream.range(0, part.counts.length)
                .filter(token -> part.counts[token] > 0)
                .toArray();
        long[] counts =
                IntStream.of(tokens).mapToLong(token -> part.counts[token]).toArray();
        return new Result(part.writer.finish(), part.documents, part.bytes, tokens, counts);
    }
}
