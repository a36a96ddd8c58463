package io.hashlayers.driver.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.driver.endtoend.Launcher.Finished;
import io.hashlayers.driver.endtoend.Launcher.Running;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A small model on real text, with every kind of Spark master that runs on one machine. */
@TestInstance(Lifecycle.PER_CLASS)
class TrainingIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    private Launcher hashlayers;

    @BeforeAll
    void prepareRealText() throws IOException {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        Files.writeString(folder.resolve("small.conf"), """
                model { context-length = 16, layers = 2, dim = 32, ffn-dim = 64, heads = 2 }
                moe { layers = [1], num-experts = 6 }
                optimizer { warmup-steps = 5 }
                train { steps = 50, batch-sequences = 8, evaluate-every = 25, evaluate-sequences = 20 }
                prepare { vocabulary-size = 400 }
                """);
        hashlayers
                .run("--master", "local[2]", "prepare", "--conf", "small.conf", "--input", "text.txt", "--out", "data")
                .expect(0);
    }

    private Finished train(String master, String run, String... more) {
        return hashlayers.run(arguments(master, run, more));
    }

    private static String[] arguments(String master, String run, String... more) {
        String[] start = {"--master", master, "train", "--conf", "small.conf", "--data", "data", "--run", run};
        return with(start, more);
    }

    private List<JsonNode> metrics(String run) throws IOException {
        return Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl")).stream()
                .map(TrainingIT::parse)
                .toList();
    }

    private double[] losses(String run) throws IOException {
        return metrics(run).stream()
                .filter(line -> line.has("loss"))
                .mapToDouble(line -> line.get("loss").asDouble())
                .toArray();
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new AssertionError(line, e);
        }
    }

    @Test
    void lossesAreThoseOfOneRankOnAnyMasterAndRepeatBitByBit() throws IOException {
        train("local[1]", "one").expect(0);
        train("local[2]", "two").expect(0);
        train("local[2]", "again").expect(0);
        train("local-cluster[2,1,1024]", "cluster").expect(0);

        double[] one = losses("one");
        assertThat(one).hasSize(50);
        assertThat(one[49]).isLessThan(one[0]);
        for (String run : List.of("two", "cluster")) {
            double[] other = losses(run);
            assertThat(other).hasSize(50);
            for (int step = 0; step < one.length; step++) {
                assertThat(other[step]).as("%s, step %d", run, step + 1).isCloseTo(one[step], within(1e-4 * one[step]));
            }
        }
        assertThat(losses("again")).containsExactly(losses("two"));
        assertThat(losses("cluster")).containsExactly(losses("two"));
        assertThat(metrics("cluster").stream().filter(line -> line.has("perplexity")))
                .hasSize(2);

        JsonNode summary = JSON.readTree(folder.resolve("cluster/summary.json").toFile());
        assertThat(summary.get("world_size").asInt()).isEqualTo(2);
        assertThat(summary.get("tokens").asLong()).isEqualTo(50 * 8 * 16);
        assertThat(summary.get("valid_perplexity").asDouble()).isBetween(1.0, 400.0);

        Finished evaluated = hashlayers
                .run("--master", "local[2]", "evaluate", "--run", "cluster", "--data", "data", "--split", "test")
                .expect(0);
        assertThat(evaluated.output()).contains("step 50, test split").contains("bits per byte");
        Finished generated = hashlayers
                .run("generate", "--run", "two", "--data", "data", "--prompt", "Mr President", "--tokens", "5")
                .expect(0);
        assertThat(generated.output()).startsWith("Mr President");
        assertThat(hashlayers.run("inspect", "one").expect(0).output())
                .containsPattern("step +50")
                .contains("checksums hold");
        assertThat(train("local[2]", "two").expect(0).errors()).contains("nothing is left to do");
        Finished refused = train("local[2]", "two", "-D", "model.dim=64").expect(2);
        assertThat(refused.errors()).contains("model.dim was 32 and is 64", "--overwrite");
    }

    @Test
    void encryptedRanksTrainTheSameAndNoSecretIsTold() throws IOException {
        List<String> secrets = List.of("correct-horse-battery", "wJalrXUtnFEMI-K7MDENG", "AQoDYXdzEPT4w");
        String[] conf = {
            "--spark-conf=spark.authenticate=true",
            "--spark-conf=spark.network.crypto.enabled=true",
            "--spark-conf=spark.authenticate.secret=" + secrets.get(0),
            "--spark-conf=spark.hadoop.fs.s3a.secret.key=" + secrets.get(1),
            "--spark-conf=spark.hadoop.fs.s3a.session.token=" + secrets.get(2),
            "--verbose"
        };
        List<Finished> all = List.of(
                train("local[2]", "open").expect(0),
                train("local-cluster[2,1,1024]", "encrypted", conf).expect(0),
                train(
                                "local-cluster[2,1,1024]",
                                "encrypted",
                                with(conf, "-D", "spark.hadoop.fs.s3a.secret.key=" + secrets.get(1)))
                        .expect(2),
                train("local-cluster[2,1,1024]", "s3a://me:" + secrets.get(2) + "@bucket/run", conf)
                        .expect(2),
                train("local-cluster[2,1,1024]", "no-secret", "--spark-conf=spark.network.crypto.enabled=true")
                        .expect(2));

        assertThat(losses("encrypted")).hasSize(50).containsExactly(losses("open"));
        assertThat(all.get(1).errors()).contains("authenticated and encrypted (AES)");
        assertThat(all.get(3).errors()).contains("has a password in it");
        assertThat(all.get(4).errors()).contains("without spark.authenticate there is no secret to encrypt with");
        StringBuilder told = new StringBuilder();
        all.forEach(finished -> told.append(finished.output()).append(finished.errors()));
        try (Stream<Path> files = Files.walk(folder.resolve("encrypted"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                told.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        assertThat(told.toString()).contains("learning-rate").doesNotContain(secrets.toArray(new String[0]));
    }

    private static String[] with(String[] first, String... more) {
        String[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    @Test
    void aKilledExecutorEndsTheRunPromptlyWithTheRealError() throws Exception {
        Running running = hashlayers.start(arguments(
                "local-cluster[2,1,1024]", "killed", "-D", "train.steps=100000", "-D", "train.max-restarts=0"));
        awaitStep(running, folder.resolve("killed/metrics.jsonl"));
        killAnExecutor(running);
        Finished finished = running.join();

        finished.expect(5);
        assertThat(finished.errors()).containsAnyOf("137", "went away", "lost");
        assertThat(folder.resolve("killed/summary.json")).doesNotExist();
        JsonNode failure = JSON.readTree(folder.resolve("killed/failure.json").toFile());
        assertThat(failure.get("failure").asText()).isEqualTo("peer_lost");
        assertThat(failure.get("ranks")).hasSize(1);
        assertThat(failure.get("host").asText()).isEqualTo("127.0.0.1");
        assertThat(failure.get("step").asLong()).isPositive();
        assertThat(failure.get("log")).isEmpty(); // nobody is there to tell
    }

    @Test
    void aKilledExecutorCostsOnlyTheStepsBehindTheCheckpoint() throws Exception {
        String[] more = {"-D", "train.steps=3000", "-D", "train.checkpoint-every=200", "-D", "train.evaluate-every=1000"
        };
        Running running = hashlayers.start(arguments("local-cluster[2,1,1024]", "survivor", more));
        awaitStep(running, folder.resolve("survivor/checkpoints/step-00000200/manifest.json"));
        killAnExecutor(running);
        Finished finished = running.join().expect(0);
        train("local[2]", "undisturbed", more).expect(0);

        assertThat(finished.errors()).contains("restart   1, in 1 s", "resumed   after step ");
        assertThat(losses("survivor")).containsExactly(losses("undisturbed"));
        assertThat(metrics("survivor").stream().filter(line -> line.has("restart")))
                .hasSize(1)
                .first()
                .satisfies(line -> assertThat(line.get("failure").asText()).isEqualTo("peer_lost"));
        JsonNode summary = JSON.readTree(folder.resolve("survivor/summary.json").toFile());
        assertThat(summary.get("restarts").asInt()).isEqualTo(1);
    }

    @Test
    void anExecutorThatHangsIsReplacedAndTheRunGoesOn() throws Exception {
        String[] more = {
            "-D",
            "train.steps=3000",
            "-D",
            "train.checkpoint-every=200",
            "-D",
            "train.evaluate-every=1000",
            "-D",
            "train.heartbeat-seconds=4"
        };
        Running running = hashlayers.start(arguments("local-cluster[2,1,1024]", "stopped", more));
        awaitStep(running, folder.resolve("stopped/checkpoints/step-00000200/manifest.json"));
        ProcessHandle hung = anExecutor(running);
        List<ProcessHandle> processes = running.process().descendants().toList();
        new ProcessBuilder("kill", "-STOP", String.valueOf(hung.pid())).start().waitFor();
        Finished finished = running.join().expect(0);
        train("local[2]", "unstopped", more).expect(0);

        assertThat(finished.errors())
                .containsPattern(
                        "executor [01] with rank [01] on 127.0.0.1 has been silent for 4 s after step [0-9]+ and is taken for hung")
                .contains("restart   1, in 1 s", "resumed   after step ")
                .doesNotContain("restart   2");
        assertThat(losses("stopped")).containsExactly(losses("unstopped"));
        JsonNode summary = JSON.readTree(folder.resolve("stopped/summary.json").toFile());
        assertThat(summary.get("restarts").asInt()).isEqualTo(1);
        for (ProcessHandle process : processes) {
            process.onExit().get(1, TimeUnit.MINUTES);
        }
    }

    private static void killAnExecutor(Running running) {
        anExecutor(running).destroyForcibly();
    }

    private static ProcessHandle anExecutor(Running running) {
        return running.process()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitStep(Running running, Path file) throws Exception {
        long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!Files.exists(file) || Files.size(file) == 0) {
            if (System.nanoTime() > deadline || !running.process().isAlive()) {
                running.process().destroyForcibly();
                throw new AssertionError("no step came: " + running.errorsSoFar());
            }
            Thread.sleep(200);
        }
    }
}
