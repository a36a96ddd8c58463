package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The disk of the run fills up, and has room again a while later. */
final class FillDisk implements Fault {
    private static final byte[] BLOCK = new byte[1 << 12];

    @Override
    public String strike(Target target) throws IOException {
        long bytes = 0;
        try (OutputStream out = Files.newOutputStream(ballast(target))) {
            while (bytes >= 0) {
                out.write(BLOCK);
                bytes += BLOCK.length;
            }
        } catch (IOException full) {
            return "%,d bytes of ballast".formatted(bytes);
        }
        throw new IOException("the disk of " + target.run() + " does not fill up");
    }

    @Override
    public Duration lasts() {
        return Duration.ofSeconds(20);
    }

    @Override
    public void heal(Target target) throws IOException {
        Files.deleteIfExists(ballast(target));
    }

    private static Path ballast(Target target) {
        return target.run().resolveSibling("ballast");
    }
}
