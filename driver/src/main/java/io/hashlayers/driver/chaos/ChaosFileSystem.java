package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system as {@code chaos:/path}, with moods: a file, named by {@code fs.chaos.control}, says which. A store has
 * them for all processes at once.
 */
public final class ChaosFileSystem extends RawLocalFileSystem {
    static final String SCHEME = "chaos";
    static final String CONTROL_KEY = "fs.chaos.control";

    private static final URI NAME = URI.create(SCHEME + ":///");
    private static final long SLOW_MILLIS = 1000;

    /** What the store does when a file is created. */
    enum Mood {
        FINE,
        SLOW,
        FAILING
    }

    @Override
    public URI getUri() {
        return NAME;
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FSDataOutputStream create(
            org.apache.hadoop.fs.Path file,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        suffer(file);
        return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    }

    private void suffer(org.apache.hadoop.fs.Path file) throws IOException {
        switch (mood()) {
            case FAILING -> throw new IOException("the store refuses " + file.getName());
            case SLOW -> {
                try {
                    Thread.sleep(SLOW_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted while the store was slow", e);
                }
            }
            default -> {}
        }
    }

    private Mood mood() throws IOException {
        String control = getConf().get(CONTROL_KEY, "");
        Path file = Path.of(control);
        return control.isEmpty() || !Files.exists(file)
                ? Mood.FINE
                : Mood.valueOf(Files.readString(file).strip());
    }
}
