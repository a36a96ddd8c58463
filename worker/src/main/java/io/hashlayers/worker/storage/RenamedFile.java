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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file of a file system: written under a temporary name of its own, {@code .NAME.UNIQUE.tmp}, and renamed. */
final class RenamedFile implements PendingFile {
    private static final Logger log = LoggerFactory.getLogger(RenamedFile.class);

    private final FileSystem fileSystem;
    private final Path temporary;
    private final Path target;
    private final FSDataOutputStream out;
    private boolean committed;

    private RenamedFile(FileSystem fileSystem, Path temporary, Path target, FSDataOutputStream out) {
        this.fileSystem = fileSystem;
        this.temporary = temporary;
        this.target = target;
        this.out = out;
    }

    static RenamedFile create(FileSystem fileSystem, Path target) throws IOException {
        Path temporary = new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID() + ".tmp");
        return new RenamedFile(
                fileSystem, temporary, target, LocalStream.of(fileSystem, fileSystem.create(temporary, false)));
    }

    @Override
    public FSDataOutputStream out() {
        return out;
    }

    /** Brings the content to the disk, where the file system can promise that, and gives the file its name. */
    @Override
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

    @Override
    public void close() throws IOException {
        if (!committed) {
            closeIfPossible();
            fileSystem.delete(temporary, false);
        }
    }

    /** A store that failed says so again, with the very exception that is on its way. */
    private void closeIfPossible() {
        try {
            out.close();
        } catch (IOException e) {
            log.debug("{} is thrown away, and could not be closed", temporary, e);
        }
    }
}
