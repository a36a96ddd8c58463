package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The driver is killed, and the newest checkpoint is not what it was when the run goes on. */
final class DamageCheckpoint implements Fault {
    /** What becomes of a file. */
    enum Damage {
        FLIP,
        TRUNCATE
    }

    private final Damage damage;

    DamageCheckpoint(Damage damage) {
        this.damage = damage;
    }

    @Override
    public String strike(Target target) throws IOException, InterruptedException {
        Signal.KILL.send(target.driver());
        target.awaitEndOfDriver();
        target.cluster().awaitNoExecutors(); // which might still write one
        Path checkpoint = newest(target.run().resolve("checkpoints"));
        Path file = target.oneOf(files(checkpoint));
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            long at = target.random().nextLong(bytes.length());
            if (damage == Damage.TRUNCATE) {
                bytes.setLength(at);
            } else {
                flip(bytes, at, target.random().nextInt(Byte.SIZE));
            }
        }
        return checkpoint.getFileName() + "/" + file.getFileName();
    }

    private static void flip(RandomAccessFile bytes, long at, int bit) throws IOException {
        bytes.seek(at);
        int value = bytes.read();
        bytes.seek(at);
        bytes.write(value ^ (1 << bit));
    }

    private static Path newest(Path checkpoints) throws IOException {
        try (Stream<Path> all = Files.list(checkpoints)) {
            return all.filter(checkpoint -> Files.exists(checkpoint.resolve("manifest.json")))
                    .max(Path::compareTo)
                    .orElseThrow(() -> new IOException(checkpoints + " holds no checkpoint to damage"));
        }
    }

    private static List<Path> files(Path checkpoint) throws IOException {
        try (Stream<Path> all = Files.list(checkpoint)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
