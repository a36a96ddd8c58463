package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The {@code train} command of a run on the cluster.
 *
 * @param master of the cluster
 * @param settings file
 * @param run folder of the run, on this machine
 * @param scheme of its file system: {@code file}, or that of {@link ChaosFileSystem}
 * @param store control file of the latter
 * @param printed gets all that the command prints, every time that it is given
 */
record TrainCommandLine(String master, Path settings, Path run, String scheme, Path store, Path printed) {
    private static final String MAIN = "io.hashlayers.driver.cli.Main";

    Process start() throws IOException {
        Map<String, String> properties = new TreeMap<>();
        properties.put("spark.master", master);
        properties.put("spark.driver.host", StandaloneCluster.HOST);
        properties.put("spark.executor.memory", "1g");
        properties.put("spark.executor.extraClassPath", ChildJvm.classPath());
        properties.put("spark.hadoop.fs.chaos.impl", ChaosFileSystem.class.getName());
        properties.put("spark.hadoop." + ChaosFileSystem.CONTROL_KEY, store.toString());
        properties.put("hashlayers.terminal", "false");
        return ChildJvm.start(
                printed,
                properties,
                MAIN,
                List.of("train", "--conf", settings.toString(), "--run", scheme + ":" + run.toAbsolutePath()));
    }
}
