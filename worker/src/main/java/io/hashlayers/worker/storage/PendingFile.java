package io.hashlayers.worker.storage;

import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;

/**
 * A file being written that nobody sees under its name before {@link #commit}; closed without that, nothing of it is left. Two
 * writers of one name do not meet: the later commit wins.
 */
public interface PendingFile extends AutoCloseable {
    /** Where the content goes; closed by this object. */
    FSDataOutputStream out();

    /** Gives the file its name, whole and in place of one that was there. */
    void commit() throws IOException;

    /** Lets go of the file; what was not committed is removed. */
    @Override
    void close() throws IOException;
}
