package io.hashlayers.worker.checkpoint;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk as {@code held:///}, which lets nobody begin a file of a certain name until it is released. */
public final class HeldFileSystem extends RawLocalFileSystem {
    private static volatile String held = "";
    private static volatile CountDownLatch released = new CountDownLatch(0);

    /** From now on files whose name contains this are held. */
    static void hold(String name) {
        held = name;
        released = new CountDownLatch(1);
    }

    static void release() {
        released.countDown();
    }

    static Configuration configuration() {
        Configuration hadoop = new Configuration();
        hadoop.setClass("fs.held.impl", HeldFileSystem.class, HeldFileSystem.class.getSuperclass());
        return hadoop;
    }

    @Override
    public URI getUri() {
        return URI.create("held:///");
    }

    @Override
    public FSDataOutputStream create(
            Path file,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        if (file.getName().contains(held)) {
            try {
                released.await();
            } catch (InterruptedException e) {
                throw (IOException) new InterruptedIOException("told to stop").initCause(e);
            }
        }
        return super.create(file, permission, overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public FSDataOutputStream create(
            Path file, boolean overwrite, int bufferSize, short replication, long blockSize, Progressable progress)
            throws IOException {
        return create(file, FsPermission.getFileDefault(), overwrite, bufferSize, replication, blockSize, progress);
    }
}
