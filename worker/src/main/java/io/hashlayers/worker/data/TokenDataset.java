package io.hashlayers.worker.data;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one split, read by position. Any rank may read any row; a row may span shards.
 *
 * <p>Row {@code i} holds the tokens {@code [i*S, i*S+S)} and, as targets, {@code [i*S+1, i*S+S]}. Reuses one buffer, so a
 * steady {@link #readRow} allocates nothing here; not thread-safe.
 */
public final class TokenDataset implements Closeable {
    private static final int VERIFY_BUFFER_BYTES = 1 << 20;

    private final DatasetManifest manifest;
    private final SplitInfo split;
    private final int sequenceLength;
    private final TokenWidth width;
    private final FileSystem fileSystem;
    private final Path dir;
    private final long[] shardStarts; // first token of each shard, and the end
    private final @Nullable FSDataInputStream[] streams; // opened at first use
    private final byte[] bytes;
    private final ByteBuffer buffer;

    private TokenDataset(DatasetManifest manifest, String split, int sequenceLength, FileSystem fileSystem, Path dir) {
        this.manifest = manifest;
        this.split = manifest.split(split);
        this.sequenceLength = sequenceLength;
        this.fileSystem = fileSystem;
        this.dir = dir;
        width = TokenWidth.of(manifest.vocabularySize());
        shardStarts = starts(this.split.shards());
        streams = new FSDataInputStream[this.split.shards().size()];
        bytes = new byte[(sequenceLength + 1) * width.bytes()];
        buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
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
            dataset.requireShardLengths();
            return dataset;
        } catch (IOException e) {
            throw new TrainingException(Failure.DATA, unreadable(path, e), e);
        }
    }

    private static long[] starts(List<SplitInfo.Shard> shards) {
        long[] starts = new long[shards.size() + 1];
        for (int i = 0; i < shards.size(); i++) {
            starts[i + 1] = starts[i] + shards.get(i).tokens();
        }
        return starts;
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

    private void requireShardLengths() throws IOException {
        for (SplitInfo.Shard shard : split.shards()) {
            Path path = path(shard);
            if (!fileSystem.exists(path)) {
                throw new TrainingException(
                        Failure.DATA, path + " is missing; restore the file or prepare the dataset again");
            }
            long length = fileSystem.getFileStatus(path).getLen();
            if (length != shard.bytes()) {
                throw new TrainingException(
                        Failure.DATA,
                        path + " has " + length + " bytes, the manifest says " + shard.bytes()
                                + "; restore the file or prepare the dataset again");
            }
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
        long first = row * sequenceLength;
        readBytes(first);
        int token = tokenAt(first, 0);
        for (int i = 0; i < sequenceLength; i++) {
            tokens[offset + i] = token;
            token = tokenAt(first, i + 1);
            targets[offset + i] = token;
        }
    }

    private int tokenAt(long first, int index) {
        int token = width == TokenWidth.UINT16
                ? Short.toUnsignedInt(buffer.getShort(index * Short.BYTES))
                : buffer.getInt(index * Integer.BYTES);
        if (token < 0 || token >= manifest.vocabularySize()) {
            throw new TrainingException(
                    Failure.DATA,
                    path(split.shards().get(shardOf(first + index))) + " holds the token " + token
                            + ", outside the vocabulary of " + manifest.vocabularySize()
                            + "; restore the file or prepare the dataset again");
        }
        return token;
    }

    /** Fills the buffer with the {@code S + 1} tokens from {@code first} on. */
    private void readBytes(long first) {
        long position = first;
        long end = first + sequenceLength + 1;
        int shard = shardOf(first);
        while (position < end) {
            long stop = Math.min(end, shardStarts[shard + 1]);
            readBytes(shard, position, (int) (position - first), (int) (stop - position));
            position = stop;
            shard++;
        }
    }

    private void readBytes(int shard, long position, int index, int count) {
        if (count == 0) {
            return; // an empty shard
        }
        long offset = (position - shardStarts[shard]) * width.bytes();
        try {
            stream(shard).readFully(offset, bytes, index * width.bytes(), count * width.bytes());
        } catch (EOFException e) {
            Path path = path(split.shards().get(shard));
            throw new TrainingException(
                    Failure.DATA, path + " became shorter while it was read; prepare the dataset again", e);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, unreadable(path(split.shards().get(shard)), e), e);
        }
    }

    private FSDataInputStream stream(int shard) throws IOException {
        FSDataInputStream stream = streams[shard];
        if (stream == null) {
            stream = fileSystem.open(path(split.shards().get(shard)));
            streams[shard] = stream;
        }
        return stream;
    }

    private int shardOf(long token) {
        int found = Arrays.binarySearch(shardStarts, token);
        if (found < 0) {
            return -found - 2;
        }
        while (shardStarts[found + 1] == token) {
            found++; // of equal starts the last is the shard that is not empty
        }
        return found;
    }

    private Path path(SplitInfo.Shard shard) {
        return new Path(dir, shard.file());
    }

    private static String unreadable(Path path, IOException e) {
        return path + " cannot be read: " + e.getMessage() + "; check the storage and its rights";
    }

    /**
     * Reads every shard of the split whole and compares its checksum.
     *
     * @throws TrainingException of kind {@code DATA} that names the first file whose bytes are not those that were written
     */
    public void verify() {
        byte[] chunk = new byte[VERIFY_BUFFER_BYTES];
        for (SplitInfo.Shard shard : split.shards()) {
            String actual = checksum(shard, chunk);
            if (!actual.equals(shard.checksum())) {
                throw new TrainingException(
                        Failure.DATA,
                        path(shard) + " is damaged: its checksum is " + actual + ", the manifest says "
                                + shard.checksum() + "; restore the file or prepare the dataset again");
            }
        }
    }

    private String checksum(SplitInfo.Shard shard, byte[] chunk) {
        try (FSDataInputStream in = fileSystem.open(path(shard))) {
            var sha256 = new Sha256();
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                sha256.update(chunk, 0, read);
            }
            return sha256.finish();
        } catch (IOException e) {
            throw new TrainingException(Failure.DATA, unreadable(path(shard), e), e);
        }
    }

    @Override
    public void close() throws IOException {
        for (int i = 0; i < streams.length; i++) {
            FSDataInputStream stream = streams[i];
            if (stream != null) {
                streams[i] = null;
                stream.close();
            }
        }
    }
}
