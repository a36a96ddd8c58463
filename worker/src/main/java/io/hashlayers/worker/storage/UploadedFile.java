package io.hashlayers.worker.storage;

import java.io.IOException;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An object of an object store: it appears whole when its upload is completed, in place of the one before, and not at all when
 * the upload is aborted. A rename there would copy it, in its own time and in sight of readers.
 */
final class UploadedFile implements PendingFile {
    private final FSDataOutputStream out;
    private boolean committed;

    private UploadedFile(FSDataOutputStream out) {
        this.out = out;
    }

    /** Whether a store is one where nothing is to be seen of a stream before it is closed, so that it can be aborted. */
    static boolean possible(FileSystem fileSystem, Path target) throws IOException {
        return fileSystem.hasPathCapability(target, CommonPathCapabilities.ABORTABLE_STREAM);
    }

    static UploadedFile create(FileSystem fileSystem, Path target) throws IOException {
        return new UploadedFile(fileSystem.create(target, true));
    }

    @Override
    public FSDataOutputStream out() {
        return out;
    }

    @Override
    public void commit() throws IOException {
        out.close();
        committed = true;
    }

    @Override
    public void close() throws IOException {
        if (!committed) {
            out.abort();
            out.close();
        }
    }
}
