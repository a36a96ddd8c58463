package io.hashlayers.worker.storage;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Hadoop's file systems as we use them: on local disks without {@code .crc} side files, because our formats carry their own
 * checksums.
 */
public final class FileSystems {
    /** A colon with an at sign behind it, or with something else than a port; a password with a slash ends the authority. */
    private static final Pattern PASSWORD = Pattern.compile(":.*@|:[0-9]*[^0-9:\\]][^:]*$");

    private FileSystems() {}

    /**
     * The file system of a path.
     *
     * @throws TrainingException of kind {@code USER} if a password is part of the path
     */
    public static FileSystem of(Configuration hadoop, Path path) throws IOException {
        requireNoPassword(path);
        FileSystem fileSystem = path.getFileSystem(hadoop);
        return fileSystem instanceof ChecksumFileSystem checksummed ? checksummed.getRawFileSystem() : fileSystem;
    }

    /**
     * Refuses {@code scheme://user:password@host/}: paths are told in logs and stored with what is made of them.
     *
     * @throws TrainingException of kind {@code USER} that does not tell the password
     */
    public static void requireNoPassword(Path path) {
        String authority = path.toUri().getAuthority();
        if (authority != null && PASSWORD.matcher(authority).find()) {
            throw new TrainingException(
                    Failure.USER,
                    "a path of the scheme %s has a password in it, but paths are stored and told; name it without, and give the password to Hadoop by spark.hadoop.* or a credential provider"
                            .formatted(path.toUri().getScheme()));
        }
    }
}
