package io.hashlayers.worker.data;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The rows of one split, read by position. Any rank may read any row; a row may span shards.
 *
 * <p>Row {@code i} holds the tokens {@code [i*S, i*S+S)} and, as targets, {@code [i*S+1, i*S+S]}. Reuses one buffer, so a
 * steady {@link #readRow} allocates nothing here; not thread-safe.
 */
public final class TokenDataset implements Closeable {
    private final DatasetManifest manifest;
    private final SplitInfo split;
    private final int sequenceLength;
    private final Path dir;
    private final TokenShards shards;

    private TokenDataset(DatasetManifest manifest, String split, int sequenceLength, FileSystem fileSystem, Path dir) {
        this.manifest = manifest;
        this.split = manifest.split(split, "the dataset " + dir);
        this.sequenceLength = sequenceLength;
        this.dir = dir;
        this.shards = new TokenShards(
                fileSystem,
                dir,
                this.split.shards(),
                manifest.vocabularySize(),
                sequenceLength + 1,
                "restore the file or prepare the dataset again");
    }

    /**
     * Opens a split and checks that every shard is there and as long as the manifest says; {@link #verify} checks the
     * contents too.
     *
     * @param dir the dataset folder, any Hadoop path
     * @param sequenceLength {@code S}, at least 1
     * @throws TrainingException of kind {@code DATA} if the manifest or a shard cannot be used or the split is shorter than
     *     one row; of kind {@code USER} if there is no such split
     */
    public static TokenDataset open(Configuration hadoop, String dir, String split, int sequenceLength) {
        if (sequenceLength < 1) {
            throw new IllegalArgumentException("sequenceLength must be at least 1 but is " + sequenceLength);
        }
        Path path = new Path(dir);
        DatasetManifest manifest = DatasetManifest.read(hadoop, path);
        try {
            var dataset =
                    new TokenDataset(manifest, split, sequenceLength, DatasetFiles.fileSystem(hadoop, path), path);
            dataset.requireOneRow(split);
            dataset.shards.requireLengths();
            return dataset;
        } catch (IOException e) {
            throw TokenShards.unreadable(path, e);
        }
    }

    private void requireOneRow(String name) {
        if (rows() == 0) {
            throw new TrainingException(
                    Failure.DATA,
                    "the " + name + " split of " + dir + " has " + split.tokens() + " tokens, one sequence of "
                            + sequenceLength + " needs " + (sequenceLength + 1)
                            + "; prepare more text, a larger share for this split, or train with shorter sequences");
        }
    }

    /** Rows of the split; what is left over at its end, less than a row, is not read. */
    public long rows() {
        return split.rows(sequenceLength);
    }

    public int sequenceLength() {
        return sequenceLength;
    }

    public DatasetManifest manifest() {
        return manifest;
    }

    /**
     * Reads one row.
     *
     * @param row in {@code [0, rows())}
     * @param tokens receives {@code S} tokens from {@code offset} on
     * @param targets receives the {@code S} tokens one further on, from {@code offset} on
     * @throws TrainingException of kind {@code DATA} that names the file if it cannot be read or holds an id outside the
     *     vocabulary
     */
    public void readRow(long row, int[] tokens, int[] targets, int offset) {
        Objects.checkIndex(row, rows());
        Objects.checkFromIndexSize(offset, sequenceLength, Math.min(tokens.length, targets.length));
        shards.fetch(row * sequenceLength, sequenceLength + 1);
        int token = shards.token(0);
        for (int i = 0; i < sequenceLength; i++) {
            tokens[offset + i] = token;
            token = shards.token(i + 1);
            targets[offset + i] = token;
        }
    }

    /**
     * Reads every shard of the split whole and compares its checksum.
     *
     * @throws TrainingException of kind {@code DATA} that names the first file whose bytes are not those that were written
     */
    public void verify() {
        shards.verify();
    }

    @Override
    public void close() throws IOException {
        shards.close();
    }
}
