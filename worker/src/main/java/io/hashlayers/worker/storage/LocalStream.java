package io.hashlayers.worker.storage;

import java.io.FilterOutputStream;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.Syncable;

/**
 * A stream to the local disk whose failures are exceptions. Hadoop's own throws an {@link FSError}, which nobody expects, where
 * the disk is full.
 */
final class LocalStream extends FilterOutputStream implements Syncable, StreamCapabilities {
    private final FSDataOutputStream inner;

    private LocalStream(FSDataOutputStream inner) {
        super(inner);
        this.inner = inner;
    }

    /** The stream of a file, as one whose failures are exceptions; unchanged where it is of another file system. */
    static FSDataOutputStream of(FileSystem fileSystem, FSDataOutputStream out) throws IOException {
        return fileSystem instanceof RawLocalFileSystem
                ? new FSDataOutputStream(new LocalStream(out), null, out.getPos())
                : out;
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void attempt(Action action) throws IOException {
        try {
            action.run();
        } catch (FSError e) {
            throw new IOException(
                    e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
        }
    }

    @Override
    public void write(int b) throws IOException {
        attempt(() -> inner.write(b));
    }

    @Override
    public void write(byte[] bytes, int start, int count) throws IOException {
        attempt(() -> inner.write(bytes, start, count));
    }

    @Override
    public void flush() throws IOException {
        attempt(inner::flush);
    }

    @Override
    public void hflush() throws IOException {
        attempt(inner::hflush);
    }

    @Override
    public void hsync() throws IOException {
        attempt(inner::hsync);
    }

    @Override
    public boolean hasCapability(String capability) {
        return inner.hasCapability(capability);
    }

    @Override
    public void close() throws IOException {
        attempt(inner::close);
    }
}
