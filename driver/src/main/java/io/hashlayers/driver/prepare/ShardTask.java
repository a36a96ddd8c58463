package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenShardWriter;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import scala.Tuple2;

/** Encodes the documents of one partition into one shard of each split. */
final class ShardTask implements Serializable {
    /** Folder of what attempts write, in that of the dataset. */
    static final String ATTEMPTS = ".attempts";

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

        /** The same of a file that was renamed. */
        Result named(String file) {
            var renamed = new SplitInfo.Shard(file, shard.tokens(), shard.bytes(), shard.checksum());
            return new Result(renamed, documents, bytes, tokens, counts);
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

    /**
     * Writes the shards of a partition, in a folder of this attempt's own; results in the order of
     * {@link SplitRule#SPLITS}.
     *
     * @throws TrainingException of kind RESOURCES if the files cannot be written; then none of them is left
     */
    Result[] write(Configuration hadoop, int partition, long attempt, Iterator<Tuple2<Long, String>> documents) {
        String folder = String.format(Locale.ROOT, "%s/%05d-%d", ATTEMPTS, partition, attempt);
        Path path = new Path(dir, folder);
        try {
            FileSystem fileSystem = DatasetFiles.fileSystem(hadoop, path);
            if (!fileSystem.exists(new Path(dir))) {
                throw new IOException("the folder is gone"); // the run was given up: bring nothing of it back
            }
            boolean whole = false;
            try {
                Result[] results = write(hadoop, folder, documents);
                whole = true;
                return results;
            } finally {
                if (!whole) {
                    fileSystem.delete(path, true);
                }
            }
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES, path + " cannot be written: " + e.getMessage() + "; check disk and rights", e);
        }
    }

    private Result[] write(Configuration hadoop, String folder, Iterator<Tuple2<Long, String>> documents)
            throws IOException {
        List<Part> parts = new ArrayList<>();
        TextTokenizer tokenizer = TokenizerPool.take(tokenizerJson);
        try {
            for (String split : SplitRule.SPLITS) {
                int vocabularySize = tokenizer.vocabularySize();
                var writer = new TokenShardWriter(hadoop, new Path(dir), folder + "/" + split + ".bin", vocabularySize);
                parts.add(new Part(writer, vocabularySize));
            }
            while (documents.hasNext()) {
                String text = documents.next()._2();
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                add(parts.get(splitRule.splitOf(bytes)), tokenizer, text, bytes.length);
            }
            Result[] results = new Result[parts.size()];
            for (int split = 0; split < results.length; split++) {
                results[split] = finish(parts.get(split));
            }
            return results;
        } finally {
            TokenizerPool.giveBack(tokenizer);
            for (Part part : parts) {
                part.writer.close();
            }
        }
    }

    /** Lets go of what this JVM keeps for tasks that are still to come. */
    void end() {
        TokenizerPool.close(tokenizerJson);
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
