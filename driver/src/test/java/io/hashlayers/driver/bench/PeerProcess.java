package io.hashlayers.driver.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process of the libtorch peer, asked line by line; it ends when this one ends. */
final class PeerProcess implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofMinutes(2);

    private final String name;
    private final Process process;
    private final PrintWriter to;
    private final BufferedReader from;
    private final Path errors;

    /** @param meeting a new file by which the processes of a group find each other */
    PeerProcess(Path libraries, Path dir, PeerSetup setup, int rank, Path meeting) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String threads = Integer.toString(setup.threads());
        List<String> command = new ArrayList<>(List.of(java, "-Xmx2g", "-cp", libraries + "/*"));
        if (setup.blas().equals("mkl")) {
            command.add("-Dorg.bytedeco.openblas.load=mkl_rt");
        }
        command.addAll(List.of("io.hashlayers.peer.LibtorchPeer", dir.toString(), threads));
        command.addAll(List.of(Integer.toString(rank), Integer.toString(setup.processes()), meeting.toString()));
        this.errors = Path.of(meeting + ".errors" + rank);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("OMP_NUM_THREADS", threads);
        builder.environment().put("OMP_WAIT_POLICY", "passive");
        // Its OpenBLAS knows newer processors than the one that these may be set for; what it computes is compared
        // first.
        builder.environment().keySet().removeAll(Set.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"));
        this.name = "process %d of %s".formatted(rank, setup);
        this.process = builder.start();
        this.to = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        this.from = process.inputReader(StandardCharsets.UTF_8);
    }

    void tell(String line) {
        to.println(line);
    }

    /** The rest of the next line that starts so. */
    String expect(String start) throws IOException {
        try {
            return CompletableFuture.supplyAsync(() -> next(start)).get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException("%s did not say \"%s\" within %s".formatted(name, start, DEADLINE), e);
        } catch (ExecutionException e) {
            throw new IOException(
                    "%s ended where \"%s\" was expected: %s".formatted(name, start, Files.readString(errors)), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + name, e);
        }
    }

    private String next(String start) {
        try {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                if (line.startsWith(start)) {
                    return line.substring(start.length());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("end of its output");
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
