package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system of its own for the runs, in memory and small, where the machine lets us mount one. */
final class SmallDisk implements AutoCloseable {
    private static final String SIZE = "64m";

    private final Path place;
    private final boolean mounted;

    private SmallDisk(Path place, boolean mounted) {
        this.place = place;
        this.mounted = mounted;
    }

    /** Makes a folder, and mounts a small disk there if that is allowed. */
    static SmallDisk at(Path place) throws IOException {
        Files.createDirectories(place);
        return new SmallDisk(
                place,
                Shell.succeeds("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "hashlayers-chaos", place.toString()));
    }

    Path place() {
        return place;
    }

    /** Whether it is a disk of its own. */
    boolean mounted() {
        return mounted;
    }

    @Override
    public void close() {
        if (mounted) {
            Shell.succeeds("umount", "--lazy", place.toString());
        }
    }
}
