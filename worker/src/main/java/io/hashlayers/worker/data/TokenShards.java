package io.hashlayers.worker.data;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of some shards, one after another, read by position. Reuses one buffer, so steady reading allocates nothing here;
 * not thread-safe.
 */
final class TokenShards implements Closeable {
    private static final int VERIFY_BUFFER_BYTES = 1 << 20;

    private final FileSystem fileSystem;
    private final Path dir;
    private final List<SplitInfo.Shard> shards;
    private final int vocabularySize;
    private final TokenWidth width;
    private final String remedy;
    private final long[] starts; // first token of each shard, and the end
    private final @Nullable FSDataInputStream[] streams; // opened at first use
    private final byte[] bytes;
    private final ByteBuffer buffer;
    private long first;

    /**
     * @param dir that the names of the shards are relative to
     * @param vocabularySize tokens are below it
     * @param most tokens that are read at once
     * @param remedy what to do about a damaged file, for messages
     */
    TokenShards(
            FileSystem fileSystem,
            Path dir,
            List<SplitInfo.Shard> shards,
            int vocabularySize,
            int most,
            String remedy) {
        this.fileSystem = fileSystem;
        this.dir = dir;
        this.shards = shards;
        this.vocabularySize = vocabularySize;
        this.width = TokenWidth.of(vocabularySize);
        this.remedy = remedy;
        this.starts = starts(shards);
        this.streams = new FSDataInputStream[shards.size()];
        this.bytes = new byte[most * width.bytes()];
        this.buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long[] starts(List<SplitInfo.Shard> shards) {
        long[] starts = new long[shards.size() + 1];
        for (int i = 0; i < shards.size(); i++) {
            starts[i + 1] = starts[i] + shards.get(i).tokens();
        }
        return starts;
    }

    /** The position of the first token of a shard. */
    long start(int shard) {
        return starts[shard];
    }

    /**
     * Requires that every shard is there and as long as it should be.
     *
     * @throws TrainingException of kind {@code DATA} that names the first that is not
     */
    void requireLengths() throws IOException {
        for (SplitInfo.Shard shard : shards) {
            Path path = path(shard);
            if (!fileSystem.exists(path)) {
                throw damaged(path, "is missing");
            }
            long length = fileSystem.getFileStatus(path).getLen();
            if (length != shard.bytes()) {
                throw damaged(path, "has " + length + " bytes, the manifest says " + shard.bytes());
            }
        }
    }

    /**
     * Fetches the tokens {@code [from, from + count)} for {@link #token}.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if they cannot be read
     */
    void fetch(long from, int count) {
        first = from;
        long position = from;
        long end = from + count;
        int shard = shardOf(from);
        while (position < end) {
            long stop = Math.min(end, starts[shard + 1]);
            fetch(shard, position, (int) (position - from), (int) (stop - position));
            position = stop;
            shard++;
        }
    }

    /**
     * One of the tokens that were fetched last.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if it is none of the vocabulary
     */
    int token(int index) {
        int token = width == TokenWidth.UINT16
                ? Short.toUnsignedInt(buffer.getShort(index * Short.BYTES))
                : buffer.getInt(index * Integer.BYTES);
        if (token < 0 || token >= vocabularySize) {
            throw damaged(
                    path(shards.get(shardOf(first + index))),
                    "holds the token " + token + ", outside the vocabulary of " + vocabularySize);
        }
        return token;
    }

    private void fetch(int shard, long position, int index, int count) {
        if (count == 0) {
            return; // an empty shard
        }
        long offset = (position - starts[shard]) * width.bytes();
        try {
            stream(shard).readFully(offset, bytes, index * width.bytes(), count * width.bytes());
        } catch (EOFException e) {
            throw new TrainingException(
                    Failure.DATA, path(shards.get(shard)) + " became shorter while it was read; " + remedy, e);
        } catch (IOException e) {
            throw unreadable(path(shards.get(shard)), e);
        }
    }

    private FSDataInputStream stream(int shard) throws IOException {
        FSDataInputStream stream = streams[shard];
        if (stream == null) {
            stream = fileSystem.open(path(shards.get(shard)));
            streams[shard] = stream;
        }
        return stream;
    }

    private int shardOf(long token) {
        int found = Arrays.binarySearch(starts, token);
        if (found < 0) {
            return -found - 2;
        }
        while (starts[found + 1] == token) {
            found++; // of equal starts the last is the shard that is not empty
        }
        return found;
    }

    /**
     * Reads every shard whole and compares its checksum.
     *
     * @throws TrainingException of kind {@code DATA} that names the first file whose bytes are not those that were written
     */
    void verify() {
        byte[] chunk = new byte[VERIFY_BUFFER_BYTES];
        for (SplitInfo.Shard shard : shards) {
            String actual = checksum(shard, chunk);
            if (!actual.equals(shard.checksum())) {
                throw damaged(
                        path(shard),
                        "is damaged: its checksum is " + actual + ", the manifest says " + shard.checksum());
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
            throw unreadable(path(shard), e);
        }
    }

    private Path path(SplitInfo.Shard shard) {
        return new Path(dir, shard.file());
    }

    private TrainingException damaged(Path path, String what) {
        return new TrainingException(Failure.DATA, path + " " + what + "; " + remedy);
    }

    static TrainingException unreadable(Path path, IOException e) {
        return new TrainingException(
                StorageFailure.kind(e),
                path + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                e);
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
