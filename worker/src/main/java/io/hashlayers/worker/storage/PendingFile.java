package io.hashlayers.worker.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * A file being written under a temporary name of its own, {@code .NAME.UNIQUE.tmp}. {@link #commit} gives it its name;
 * closed without that, it is removed. Two writers of one name do not meet: the later commit wins.
 */
public final class PendingFile implements AutoCloseable {
    private final FileSystem fileSystem;
    private final Path temporary;
    private final Path target;
    private final FSDataOutputStream out;
    private boolean committed;

    private PendingFile(FileSystem fileSystem, Path temporary, Path target, FSDataOutputStream out) {
        this.fileSystem = fileSystem;
        this.temporary = temporary;
        this.target = target;
        this.out = out;
    }

    static PendingFile create(FileSystem fileSystem, Path folder, String name) throws IOException {
        Path temporary = new Path(folder, "." + name + "." + UUID.randomUUID() + ".tmp");
        return new PendingFile(
                fileSystem,
                temporary,
                new Path(folder, name),
                LocalStream.of(fileSystem, fileSystem.create(temporary, false)));
    }

    /** Where the content goes; closed by this object. */
    public FSDataOutputStream out() {
        return out;
    }

    /** Brings the content to the disk, where the file system can promise that, and gives the file its name. */
    public void commit() throws IOException {
        if (out.hasCapability(StreamCapabilities.HSYNC)) {
            out.hsync();
        }
        out.close();
        replace();
        committed = true;
    }

    /** There is always one of the two files under the name, where the file system can replace one by another in one act. */
    private void replace() throws IOException {
        if (fileSystem instanceof RawLocalFileSystem local) { // whose own rename removes the target first
            Files.move(
                    local.pathToFile(temporary).toPath(),
                    local.pathToFile(target).toPath(),
                    StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        try {
            FileContext.getFileContext(fileSystem.getUri(), fileSystem.getConf())
                    .rename(temporary, target, Options.Rename.OVERWRITE);
        } catch (UnsupportedFileSystemException e) {
            fileSystem.delete(target, false); // a rename alone does not replace
            if (!fileSystem.rename(temporary, target)) {
                throw new IOException(temporary + " could not be renamed to " + target, e);
            }
        }
    }

    /** Lets go of the file; what was not committed is removed. */
    @Override
    public void close() throws IOException {
        if (!committed) {
            try {
                out.close();
            } finally {
                fileSystem.delete(temporary, false);
            }
        }
    }
}
