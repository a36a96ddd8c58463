package io.hashlayers.driver.chaos;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts JVMs like this one: the same Java, class path and options of the command line. */
final class ChildJvm {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private ChildJvm() {}

    /** The class path, for processes that are started by others. */
    static String classPath() {
        return CLASS_PATH;
    }

    /**
     * Starts a class.
     *
     * @param log gets all that it prints, behind what is there
     * @param properties of the JVM
     */
    static Process start(Path log, Map<String, String> properties, String mainClass, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        properties.forEach((key, value) -> command.add("-D" + key + "=" + value)); // a later one holds
        command.add("-cp");
        command.add(CLASS_PATH);
        command.add(mainClass);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("SPARK_LOCAL_IP", StandaloneCluster.HOST);
        return builder.start();
    }
}
