package io.hashlayers.driver.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs {@code deploy/hashlayers} and keeps what it printed. */
final class Launcher {
    private static final Duration DEADLINE = Duration.ofMinutes(5);

    private final Path folder;
    private final Map<String, String> environment;

    /**
     * @param folder working folder and place of the output files
     */
    Launcher(Path folder) {
        this(folder, Map.of());
    }

    Launcher(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = environment;
    }

    /** A started command; its output goes to files, so that it never blocks. */
    record Running(Process process, Path output, Path errors, List<String> command) {
        /** Waits for the end, and kills the command after the deadline. */
        Finished join() {
            try {
                if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                    throw new AssertionError("no end within %s: %s%n%s".formatted(DEADLINE, command, read(errors)));
                }
                return new Finished(process.exitValue(), read(output), read(errors), command);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }

        /** What it wrote to standard error so far. */
        String errorsSoFar() {
            return read(errors);
        }
    }

    record Finished(int exitCode, String output, String errors, List<String> command) {
        /** Fails with everything printed unless the command ended with {@code exitCode}. */
        Finished expect(int exitCode) {
            if (this.exitCode != exitCode) {
                throw new AssertionError("exit code %d, expected %d: %s%n--- output%n%s%n--- errors%n%s"
                        .formatted(this.exitCode, exitCode, command, output, errors));
            }
            return this;
        }
    }

    Finished run(String... arguments) {
        return start(arguments).join();
    }

    Running start(String... arguments) {
        try {
            List<String> command = new ArrayList<>();
            command.add(repository().resolve("deploy/hashlayers").toString());
            command.addAll(List.of(arguments));
            Path output = Files.createTempFile(folder, "output", ".txt");
            Path errors = Files.createTempFile(folder, "errors", ".txt");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile());
            builder.environment().putAll(environment);
            return new Running(builder.start(), output, errors, command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The root of the checkout, whichever module the tests run in. */
    static Path repository() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("deploy/hashlayers"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("deploy/hashlayers is in no parent folder");
            }
        }
        return folder;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
