package io.hashlayers.worker.data;

import java.io.Serializable;
import java.util.List;

/**
 * One split of a dataset.
 *
 * @param tokens of all shards, end-of-text tokens included
 * @param documents each ends with one end-of-text token
 * @param bytes UTF-8 bytes of the documents' text, for bits per byte
 * @param shards in the order of their tokens
 */
public record SplitInfo(long tokens, long documents, long bytes, List<Shard> shards) implements Serializable {
    public SplitInfo {
        requireNotNegative("tokens", tokens);
        requireNotNegative("documents", documents);
        requireNotNegative("bytes", bytes);
        shards = List.copyOf(shards);
        long inShards = 0;
        for (Shard shard : shards) {
            inShards = Math.addExact(inShards, shard.tokens());
        }
        if (inShards != tokens) {
            throw new IllegalArgumentException("tokens is " + tokens + " but the shards hold " + inShards);
        }
    }

    /**
     * One token file.
     *
     * @param file path relative to the dataset folder
     * @param tokens it holds
     * @param bytes its length
     * @param checksum {@code sha256:} and 64 hexadecimal digits, of the whole file
     */
    public record Shard(String file, long tokens, long bytes, String checksum) implements Serializable {
        public Shard {
            requireNotNegative("tokens", tokens);
            requireNotNegative("bytes", bytes);
            if (file.isEmpty() || file.startsWith("/") || file.contains("..") || file.contains(":")) {
                throw new IllegalArgumentException("file is '" + file + "', not a path inside the dataset folder");
            }
            Sha256.requireForm("checksum", checksum);
        }
    }

    /** Rows of length {@code S} that the split holds: each needs one token more, the target of its last. */
    public long rows(int sequenceLength) {
        return Math.max(0, tokens - 1) / sequenceLength;
    }

    /** UTF-8 bytes of text that one token stands for, on average; turns nats per token into bits per byte. */
    public double bytesPerToken() {
        return (double) bytes / tokens;
    }

    private static void requireNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " is " + value + ", less than 0");
        }
    }
}
