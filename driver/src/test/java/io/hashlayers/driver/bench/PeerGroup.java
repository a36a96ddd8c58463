package io.hashlayers.driver.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The processes of one setup of libtorch, which train together on the batch of a folder. */
final class PeerGroup implements AutoCloseable {
    private final List<PeerProcess> processes = new ArrayList<>();

    /** @param libraries folder of the peer's jars */
    PeerGroup(Path libraries, Path dir, PeerSetup setup) throws IOException {
        Path meeting = Files.createTempFile(dir, "meeting", "");
        try {
            for (int rank = 0; rank < setup.processes(); rank++) {
                processes.add(new PeerProcess(libraries, dir, setup, rank, meeting));
            }
            for (PeerProcess process : processes) {
                process.expect("ready");
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Lets them compute loss and gradients; returns the loss in nats per token. */
    double gradients() throws IOException {
        double loss = 0;
        for (String share : ask("gradients", "loss ")) {
            loss += Double.parseDouble(share);
        }
        return loss;
    }

    /** Seconds of each of some whole steps, as the first process saw them. */
    double[] steps(int count) throws IOException {
        String[] words = ask("steps " + count, "seconds ").get(0).split(" ", -1);
        double[] seconds = new double[count];
        for (int i = 0; i < count; i++) {
            seconds[i] = Double.parseDouble(words[i]);
        }
        return seconds;
    }

    private List<String> ask(String question, String start) throws IOException {
        processes.forEach(process -> process.tell(question));
        List<String> answers = new ArrayList<>();
        for (PeerProcess process : processes) {
            answers.add(process.expect(start));
        }
        return answers;
    }

    @Override
    public void close() {
        processes.forEach(PeerProcess::close);
    }
}
