package io.hashlayers.worker.storage;

import io.hashlayers.sharding.Failure;
import java.io.CharConversionException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.ChecksumException;

/** What it means that a file could not be read. */
public final class StorageFailure {
    private static final List<Class<? extends IOException>> OF_CONTENT = List.of(
            FileNotFoundException.class, EOFException.class, CharConversionException.class, ChecksumException.class);

    private StorageFailure() {}

    /** {@code DATA} if the file is missing, too short or damaged, however often it is tried; else {@code RESOURCES}, which may pass. */
    public static Failure kind(IOException e) {
        return OF_CONTENT.stream().anyMatch(kind -> kind.isInstance(e)) ? Failure.DATA : Failure.RESOURCES;
    }
}
