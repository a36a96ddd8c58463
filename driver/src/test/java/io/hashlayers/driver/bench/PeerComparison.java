package io.hashlayers.driver.bench;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Compares our training step with the same step in libtorch: first loss and gradients, for the model and for its dense twin,
 * then speed, in turn and in one run. A program, not a test: its figures are the machine's. Arguments: a configuration such
 * as conf/bench-small.conf, and the folder of the peer's jars.
 */
final class PeerComparison {
    private PeerComparison() {}

    /** Exits with 1 if loss or gradients differ. */
    public static void main(String[] args) throws Exception {
        Settings settings = Settings.load(List.of(Path.of(args[0])), List.of());
        RunConfig config = settings.run("", settings.bench().vocabularySize());
        if (config.train().accumulateBatches() > 1) {
            throw new IllegalArgumentException(
                    "libtorch does a batch at once; set train.accumulate-batches to 1 in " + args[0]);
        }
        Path libraries = Path.of(args[1]);
        Path dir = Files.createTempDirectory("libtorch-peer");
        boolean same = true;
        try {
            for (ModelConfig model : List.of(config.model().dense(), config.model())) {
                same &= new PeerAgreement(config.of(model), libraries).holds(dir);
            }
            if (same) {
                new PeerRace(config, libraries).run(dir);
            }
        } finally {
            delete(dir);
        }
        System.exit(same ? 0 : 1);
    }

    private static void delete(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(dir);
    }
}
