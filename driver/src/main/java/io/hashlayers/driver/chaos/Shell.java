package io.hashlayers.driver.chaos;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Small programs of the machine. */
final class Shell {
    private static final int DEADLINE_SECONDS = 20;

    private Shell() {}

    /**
     * Runs a program to its end and returns what it printed.
     *
     * @throws IOException if it is not there, fails or takes too long
     */
    static String run(String... command) throws IOException, InterruptedException {
        Path output =
                Files.createTempFile("hashlayers-chaos", ".txt"); // a pipe would have to be read without a deadline
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(List.of(command) + " took longer than " + DEADLINE_SECONDS + " s");
            }
            String printed = Files.readString(output);
            if (process.exitValue() != 0) {
                throw new IOException(List.of(command) + " failed: " + printed.strip());
            }
            return printed;
        } finally {
            Files.delete(output);
        }
    }

    /** Whether a program runs and succeeds here. */
    static boolean succeeds(String... command) {
        try {
            run(command);
            return true;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
