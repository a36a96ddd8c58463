package io.hashlayers.driver.chaos;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A standalone Spark cluster of real processes on the loopback address: a master, and workers of one core each. */
final class StandaloneCluster implements AutoCloseable {
    static final String HOST = "127.0.0.1";

    private static final Pattern URL = Pattern.compile("spark://[0-9.]+:[0-9]+");
    private static final Map<String, String> PROPERTIES =
            Map.of("log4j2.configurationFile", "org/apache/spark/log4j2-defaults.properties");

    private final Path folder;
    private final Process master;
    private final String url;
    private final Process[] workers;

    private StandaloneCluster(Path folder, int workers) throws IOException {
        this.folder = folder;
        this.workers = new Process[workers];
        Path log = folder.resolve("master.log");
        master = ChildJvm.start(
                log,
                PROPERTIES,
                "org.apache.spark.deploy.master.Master",
                List.of("--host", HOST, "--port", "0", "--webui-port", "0"));
        try {
            Pause.until("a master; see " + log, Pause.LONG, () -> url(log).isPresent());
            url = url(log).orElseThrow();
            for (int worker = 0; worker < workers; worker++) {
                startWorker(worker);
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Starts one.
     *
     * @param folder for logs and scratch files
     * @throws TrainingException of kind {@code RESOURCES} if that takes too long; {@code USER} without Spark's jars
     */
    static StandaloneCluster start(Path folder, int workers) throws IOException {
        String spark = System.getenv("SPARK_HOME");
        if (spark == null || !Files.isDirectory(Path.of(spark, "jars"))) {
            throw new TrainingException(
                    Failure.USER,
                    "SPARK_HOME names no Spark, whose workers start executors by it; start the program by deploy/hashlayers, or set SPARK_HOME");
        }
        Files.createDirectories(folder);
        return new StandaloneCluster(folder, workers);
    }

    String url() {
        return url;
    }

    int workers() {
        return workers.length;
    }

    /** Starts a worker in the place of one that is not there. */
    void startWorker(int worker) throws IOException {
        workers[worker] = ChildJvm.start(
                folder.resolve("worker-" + (worker + 1) + ".log"),
                PROPERTIES,
                "org.apache.spark.deploy.worker.Worker",
                List.of(
                        "--host",
                        HOST,
                        "--webui-port",
                        "0",
                        "--cores",
                        "1",
                        "--memory",
                        "3g",
                        "--work-dir",
                        folder.resolve("worker-" + (worker + 1)).toString(),
                        url));
    }

    void killWorker(int worker) throws IOException, InterruptedException {
        Signal.KILL.send(workers[worker].toHandle());
    }

    /** All executors that run now. */
    List<ProcessHandle> executors() {
        return ProcessHandle.allProcesses()
                .filter(process -> process.isAlive() && isExecutorOfOurs(process))
                .toList();
    }

    /** That of a killed worker is no descendant of ours for a moment, so the folder where it works is what tells. */
    private boolean isExecutorOfOurs(ProcessHandle process) {
        Path itself = Path.of("/proc", Long.toString(process.pid()));
        try {
            // ProcessHandle tells the first 4 KiB of the command alone, less than a class path.
            return Files.readString(itself.resolve("cmdline")).contains("CoarseGrainedExecutorBackend")
                    && Files.readSymbolicLink(itself.resolve("cwd")).startsWith(folder);
        } catch (IOException e) { // gone, or not ours to see
            return false;
        }
    }

    void awaitNoExecutors() {
        Pause.until("the end of executors whose driver is gone", Pause.LONG, () -> executors()
                .isEmpty());
    }

    private static Optional<String> url(Path log) {
        try {
            Matcher matcher = URL.matcher(Files.readString(log));
            return matcher.find() ? Optional.of(matcher.group()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Ends all processes that this started, and what they started. */
    @Override
    public void close() {
        List<ProcessHandle> all = new ArrayList<>(executors());
        Arrays.stream(workers)
                .filter(worker -> worker != null)
                .map(Process::toHandle)
                .forEach(all::add);
        all.add(master.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        Pause.until("the end of the cluster", Pause.LONG, () -> all.stream().noneMatch(ProcessHandle::isAlive));
    }
}
