package io.hashlayers.worker.data;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * Writes one token file.
 *
 * <pre>
 * file  = token*                     little-endian throughout, no header: sizes and checksum are in the manifest
 * token = u16 if V &le; 65536, else i32
 * </pre>
 */
public final class TokenShardWriter implements Closeable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final String file;
    private final TokenWidth width;
    private final int vocabularySize;
    private final FSDataOutputStream out;
    private final Sha256 checksum = new Sha256();
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long tokens;

    /**
     * @param dir the dataset folder
     * @param file relative to it, see {@link DatasetFiles#shard}; overwritten if it exists
     */
    public TokenShardWriter(Configuration hadoop, Path dir, String file, int vocabularySize) throws IOException {
        this.file = file;
        this.vocabularySize = vocabularySize;
        width = TokenWidth.of(vocabularySize);
        Path path = new Path(dir, file);
        out = DatasetFiles.fileSystem(hadoop, path).create(path, true);
    }

    public void write(int token) throws IOException {
        if (token < 0 || token >= vocabularySize) {
            throw new IllegalArgumentException(
                    "token " + token + " is outside the vocabulary of " + vocabularySize + " in " + file);
        }
        if (buffer.remaining() < width.bytes()) {
            flush();
        }
        switch (width) {
            case UINT16 -> buffer.putShort((short) token);
            case INT32 -> buffer.putInt(token);
        }
        tokens++;
    }

    public void write(int[] document) throws IOException {
        for (int token : document) {
            write(token);
        }
    }

    /** Ends the file and says what the manifest must know of it. */
    public SplitInfo.Shard finish() throws IOException {
        flush();
        out.close();
        return new SplitInfo.Shard(file, tokens, tokens * width.bytes(), checksum.finish());
    }

    private void flush() throws IOException {
        checksum.update(buffer.array(), 0, buffer.position());
        out.write(buffer.array(), 0, buffer.position());
        buffer.clear();
    }

    /** Lets go of the file; without {@link #finish} it is not whole. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
