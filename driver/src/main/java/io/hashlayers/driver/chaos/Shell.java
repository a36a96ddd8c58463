package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(List.of(command) + " took longer than " + DEADLINE_SECONDS + " s");
        }
        if (process.exitValue() != 0) {
            throw new IOException(List.of(command) + " failed: " + output.strip());
        }
        return output;
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
