package io.hashlayers.worker.storage;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/**
 * A folder on any Hadoop file system, see {@link FileSystems}, which need not exist yet. Thread-safe.
 */
public final class Folder {
    private static final Duration TAKE_OVER = Duration.ofSeconds(60);

    private final FileSystem fileSystem;
    private final Path path;

    private Folder(FileSystem fileSystem, Path path) {
        this.fileSystem = fileSystem;
        this.path = path;
    }

    /**
     * Names a folder; touches nothing.
     *
     * @throws TrainingException of kind {@code USER} if the path has no file system that Hadoop knows, or a password in it
     */
    public static Folder of(Configuration hadoop, String path) {
        try {
            Path parsed = new Path(path);
            FileSystem fileSystem = FileSystems.of(hadoop, parsed);
            return new Folder(fileSystem, fileSystem.makeQualified(parsed));
        } catch (IOException | IllegalArgumentException e) {
            throw new TrainingException(
                    Failure.USER, "the path '" + path + "' cannot be used: " + e.getMessage() + "; name another", e);
        }
    }

    /** A folder inside this one. */
    public Folder folder(String name) {
        return new Folder(fileSystem, new Path(path, name));
    }

    /** The full path of this folder. */
    public Path path() {
        return path;
    }

    /** The full path of something in this folder. */
    public Path path(String name) {
        return new Path(path, name);
    }

    /** Whether there is anything under this name. */
    public boolean exists(String name) throws IOException {
        return fileSystem.exists(path(name));
    }

    /** Whether this folder itself exists. */
    public boolean exists() throws IOException {
        return fileSystem.exists(path);
    }

    /** Names of what lies in this folder, sorted; empty if it does not exist. */
    public List<String> list() throws IOException {
        try {
            return Arrays.stream(fileSystem.listStatus(path))
                    .map(FileStatus::getPath)
                    .map(Path::getName)
                    .sorted()
                    .toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    /** Bytes of a file. */
    public long length(String name) throws IOException {
        return fileSystem.getFileStatus(path(name)).getLen();
    }

    public FSDataInputStream open(String name) throws IOException {
        return fileSystem.open(path(name));
    }

    /**
     * Reads a small file whole.
     *
     * @param maxBytes more than any such file of ours has, so that a foreign one does not fill the memory
     * @throws TrainingException of kind {@code DATA} if the file is longer
     */
    public byte[] read(String name, int maxBytes) throws IOException {
        long length = length(name);
        if (length > maxBytes) {
            throw new TrainingException(
                    Failure.DATA,
                    path(name) + " has " + length + " bytes, more than any such file of ours; restore the right one");
        }
        try (FSDataInputStream in = open(name)) {
            byte[] bytes = new byte[(int) length];
            in.readFully(0, bytes);
            return bytes;
        }
    }

    /** Starts a file that appears under its name only when it is {@link PendingFile#commit committed}. */
    public PendingFile create(String name) throws IOException {
        Path target = path(name);
        return UploadedFile.possible(fileSystem, target)
                ? UploadedFile.create(fileSystem, target)
                : RenamedFile.create(fileSystem, target);
    }

    /** Starts a file that grows in sight of readers, where the file system shows what is flushed; replaces what is there. */
    public FSDataOutputStream stream(String name) throws IOException {
        return LocalStream.of(fileSystem, fileSystem.create(path(name), true));
    }

    /**
     * Goes on with a file. On a file system that cannot append, such as an object store, it is read whole and written anew, and
     * what is there stays until the stream is closed.
     */
    public FSDataOutputStream append(String name) throws IOException {
        Path file = path(name);
        if (fileSystem.hasPathCapability(file, CommonPathCapabilities.FS_APPEND)) {
            return LocalStream.of(fileSystem, fileSystem.append(file));
        }
        byte[] before = read(name, Integer.MAX_VALUE);
        FSDataOutputStream out = stream(name);
        out.write(before);
        return out;
    }

    /**
     * Ends the claim of a writer that died with a file open: before that, HDFS may not tell how long the file is.
     *
     * @throws IOException also if the writer's claim does not end in time
     */
    public void takeOver(String name) throws IOException {
        if (fileSystem instanceof DistributedFileSystem hdfs) {
            long deadline = System.nanoTime() + TAKE_OVER.toNanos();
            while (!hdfs.recoverLease(path(name))) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException(
                            path(name) + " is held by another writer since " + TAKE_OVER.toSeconds() + " s");
                }
                pause();
            }
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(200);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while a file was taken over").initCause(e);
        }
    }

    /** Writes a small file, which appears whole. */
    public void write(String name, byte[] content) throws IOException {
        try (PendingFile file = create(name)) {
            file.out().write(content);
            file.commit();
        }
    }

    /** Removes a file or folder with all that is in it, if it exists. */
    public void delete(String name) throws IOException {
        fileSystem.delete(path(name), true);
    }

    /** Removes this folder with all that is in it, if it exists. */
    public void delete() throws IOException {
        fileSystem.delete(path, true);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
