package io.hashlayers.driver.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A process of the libtorch peer, asked line by line. */
final class PeerProcess implements AutoCloseable {
    private final Process process;
    private final PrintWriter to;
    private final BufferedReader from;

    /**
     * @param libraries folder of the peer's jars
     * @param blas {@code openblas} or {@code mkl}
     */
    PeerProcess(Path libraries, Path dir, int threads, String blas) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-Xmx2g", "-cp", libraries + "/*"));
        if (blas.equals("mkl")) {
            command.add("-Dorg.bytedeco.openblas.load=mkl_rt");
        }
        command.addAll(List.of("io.hashlayers.peer.LibtorchPeer", dir.toString(), Integer.toString(threads)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        builder.environment().put("OMP_WAIT_POLICY", "passive");
        this.process = builder.start();
        this.to = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        this.from = process.inputReader(StandardCharsets.UTF_8);
        expect("ready");
    }

    /** Lets it compute loss and gradients; returns the loss in nats per token. */
    double gradients() throws IOException {
        to.println("gradients");
        return Double.parseDouble(expect("loss ").substring("loss ".length()));
    }

    /** Seconds of each of some whole steps. */
    double[] steps(int count) throws IOException {
        to.println("steps " + count);
        return Arrays.stream(expect("seconds ").split(" ", -1))
                .skip(1)
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private String expect(String start) throws IOException {
        for (String line = from.readLine(); line != null; line = from.readLine()) {
            if (line.startsWith(start)) {
                return line;
            }
        }
        throw new IOException("the peer ended where \"" + start + "\" was expected");
    }

    @Override
    public void close() {
        to.println("quit");
        process.destroy();
    }
}
