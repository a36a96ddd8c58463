package io.hashlayers.worker.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.Set;

/**
 * Memory that two JVMs of one machine map: a file of Linux's memory file system, made by the one that writes and unlinked by
 * the one that reads as soon as both have it, so that nothing stays behind when they are killed.
 */
final class SharedMemory {
    private static final Path FOLDER = Path.of("/dev/shm");
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path SELF = Path.of("/proc/self");
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ZEROS = 1 << 16;

    private final long id;
    private final MappedByteBuffer memory;

    private SharedMemory(long id, MappedByteBuffer memory) {
        this.id = id;
        this.memory = memory;
    }

    /**
     * Tells the place where files are shared: the same for JVMs of one user that see the same file system, never 0. It is 0
     * where there is none.
     */
    static long place() {
        try {
            if (!Files.isWritable(FOLDER)) {
                return 0;
            }
            String boot = Files.readString(BOOT);
            Object device = Files.getAttribute(FOLDER, "unix:dev");
            Object inode = Files.getAttribute(FOLDER, "unix:ino"); // one device may be mounted in several containers
            Object user = Files.getAttribute(SELF, "unix:uid");
            return Objects.hash(boot, device, inode, user) | 1L << Integer.SIZE;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return 0; // not Linux, or a container that hides these files: sockets do
        }
    }

    /**
     * Makes new memory for this user alone.
     *
     * @throws IOException if there is no room, which is found out now and not when it is written
     */
    static SharedMemory create(int bytes) throws IOException {
        long id = RANDOM.nextLong();
        Path file = file(id);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, options, owner)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(bytes, ZEROS));
            while (channel.position() < bytes) {
                channel.write(zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - channel.position())));
            }
            return new SharedMemory(id, channel.map(MapMode.READ_WRITE, 0, bytes));
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Maps what another JVM made, for reading, and unlinks it. */
    static SharedMemory take(long id) throws IOException {
        Path file = file(id);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new SharedMemory(id, channel.map(MapMode.READ_ONLY, 0, channel.size()));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** By which another JVM takes it. */
    long id() {
        return id;
    }

    ByteBuffer memory() {
        return memory;
    }

    /** Unlinks it if nobody took it; the memory itself lives as long as someone has it mapped. */
    void unlink() throws IOException {
        Files.deleteIfExists(file(id));
    }

    private static Path file(long id) {
        return FOLDER.resolve("hashlayers-" + Long.toHexString(id));
    }
}
