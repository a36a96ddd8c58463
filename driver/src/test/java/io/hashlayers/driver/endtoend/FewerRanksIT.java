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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A standalone cluster that loses a worker for a while. */
@TestInstance(Lifecycle.PER_CLASS)
class FewerRanksIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    private Launcher hashlayers;
    private Path cluster;
    private String master = "";

    @BeforeAll
    void start() throws Exception {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        Files.writeString(folder.resolve("small.conf"), """
                model { context-length = 16, layers = 2, dim = 32, ffn-dim = 64, heads = 2 }
                moe { layers = [1], num-experts = 6 }
                optimizer { warmup-steps = 5 }
                train { steps = 20000, batch-sequences = 8, evaluate-every = 10000, evaluate-sequences = 20, checkpoint-every = 500 }
                prepare { vocabulary-size = 400 }
                """);
        hashlayers
                .run("--master", "local[2]", "prepare", "--conf", "small.conf", "--input", "text.txt", "--out", "data")
                .expect(0);
        cluster = folder.resolve("cluster");
        master = standalone("start").lines().reduce("", (before, line) -> line);
    }

    @AfterAll
    void stop() throws Exception {
        standalone("stop");
    }

    private String standalone(String action) throws Exception {
        var builder = new ProcessBuilder(
                        Launcher.repository().resolve("deploy/standalone").toString(), action)
                .redirectError(folder.resolve("standalone.err").toFile());
        builder.environment().put("HASHLAYERS_STANDALONE_DIR", cluster.toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return output;
    }

    private String[] arguments(String master, String run, String... more) {
        String[] start = {
            "--master",
            master,
            "--spark-conf",
            "spark.scheduler.maxRegisteredResourcesWaitingTime=15s",
            "train",
            "--conf",
            "small.conf",
            "--data",
            "data",
            "--run",
            run
        };
        String[] all = Arrays.copyOf(start, start.length + more.length);
        System.arraycopy(more, 0, all, start.length, more.length);
        return all;
    }

    @Test
    void aRunGoesOnWithoutAWorkerAndReturnsToAllRanksWhenThereIsAnother() throws Exception {
        Running running =
                hashlayers.start(arguments(master, "shrunk", "-D", "train.ranks=2", "-D", "train.least-ranks=1"));
        await(running, metrics -> metrics.contains("\"step\":600,"));
        long worker =
                Long.parseLong(Files.readString(cluster.resolve("worker-1.pid")).strip());
        String[] command =
                Files.readString(Path.of("/proc/" + worker + "/cmdline")).split("\0");
        Map<String, String> environment = Map.of(
                "SPARK_HOME",
                        Launcher.repository().resolve("driver/target/spark").toString(),
                "SPARK_LOCAL_IP", "127.0.0.1",
                "SPARK_SCALA_VERSION", "2.12");
        ProcessHandle.of(worker).orElseThrow().destroyForcibly();
        await(running, metrics -> metrics.contains("{\"ranks\":1,\"asked\":2}"));
        Process another = startWorker(command, environment);
        try {
            Finished finished = running.join().expect(0);
            assertThat(finished.errors())
                    .contains("1 go on, since there is room for no more of the 2")
                    .contains("all 2 go on, since there is room for them again");
        } finally {
            another.descendants().forEach(ProcessHandle::destroyForcibly);
            another.destroyForcibly();
        }
        hashlayers.run(arguments("local[2]", "whole")).expect(0);

        double[] shrunk = losses("shrunk");
        double[] whole = losses("whole");
        assertThat(shrunk).hasSameSizeAs(whole);
        for (int step = 0; step < whole.length; step++) {
            assertThat(shrunk[step]).as("step %d", step + 1).isCloseTo(whole[step], within(1e-4 * whole[step]));
        }
        assertThat(lines("shrunk").stream().filter(line -> line.has("ranks")).map(line -> line.get("ranks")
                        .asInt()))
                .containsExactly(1, 2);
        JsonNode summary = JSON.readTree(folder.resolve("shrunk/summary.json").toFile());
        assertThat(summary.get("fewest_ranks").asInt()).isEqualTo(1);
        assertThat(summary.get("world_size").asInt()).isEqualTo(2);
    }

    private Process startWorker(String[] command, Map<String, String> environment) throws IOException {
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(cluster.resolve("another-worker.log").toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private void await(Running running, Predicate<String> metrics) throws Exception {
        Path file = folder.resolve("shrunk/metrics.jsonl");
        long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
        while (!Files.exists(file) || !metrics.test(Files.readString(file))) {
            if (System.nanoTime() > deadline || !running.process().isAlive()) {
                running.process().descendants().forEach(ProcessHandle::destroyForcibly);
                running.process().destroyForcibly();
                throw new AssertionError("it did not come: " + running.errorsSoFar());
            }
            Thread.sleep(100);
        }
    }

    private List<JsonNode> lines(String run) throws IOException {
        return Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl")).stream()
                .map(FewerRanksIT::parse)
                .toList();
    }

    private double[] losses(String run) throws IOException {
        return lines(run).stream()
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
}
