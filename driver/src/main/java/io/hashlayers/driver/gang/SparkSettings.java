package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.driver.job.StorageSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;

/** What our jobs need of Spark's settings. What the user has set stays; lists are appended to. */
final class SparkSettings {
    private static final Map<String, String> DEFAULTS = Map.of(
            "spark.master",
            "local[*]",
            "spark.serializer",
            "org.apache.spark.serializer.KryoSerializer",
            "spark.kryo.registrationRequired",
            "true",
            // Spark's own default is a year: a rank that never comes would hold the others as long.
            "spark.barrier.sync.timeout",
            "120",
            // An executor's JVM may take half a minute to start on a busy machine. Spark's own default: 30 s.
            SparkJob.REGISTRATION_KEY,
            "60s",
            // The slots were counted before; this is for executors that went away since. Default: ten minutes.
            "spark.scheduler.barrier.maxConcurrentTasksCheck.interval",
            "5s",
            "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures",
            "6",
            // One rank = one core = one thread of native libraries.
            "spark.executorEnv.OMP_NUM_THREADS",
            "1",
            "spark.executorEnv.OPENBLAS_NUM_THREADS",
            "1");

    /** The young generation at most. The launcher gives a local master's JVM the same. */
    static final int YOUNG_MIB = 128;

    /**
     * An option of an executor's JVM.
     *
     * @param mark what shows that the user has set it, or what it belongs to, otherwise
     */
    private record Option(String text, String mark) {}

    private static final List<Option> EXECUTOR_OPTIONS = List.of(
            new Option("--add-modules=jdk.incubator.vector", "jdk.incubator.vector"),
            // Off-heap memory is bounded by what the plan says, not by the size of the heap.
            new Option("-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxbytes="),
            new Option("-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes="),
            new Option("-XX:MaxDirectMemorySize=1t", "-XX:MaxDirectMemorySize="),
            // A step leaves no garbage, but G1 would let what comes before it spread over the heap and keep the memory.
            new Option("-XX:+UseParallelGC", "GC"),
            new Option("-XX:MaxNewSize=" + YOUNG_MIB + "m", "-XX:MaxNewSize="));

    private static final String OPTIONS_KEY = "spark.executor.extraJavaOptions";

    private SparkSettings() {}

    /** Adds to {@code conf} what is missing, and returns it. */
    static SparkConf complete(SparkConf conf) {
        DEFAULTS.forEach(conf::setIfMissing);
        StorageSettings.complete(conf);
        if (local(conf)) {
            conf.setIfMissing("spark.ui.enabled", "false"); // its start takes a second, and nobody comes to see one JVM
        }
        appendTo(conf, "spark.plugins", HashlayersPlugin.class.getName());
        appendTo(conf, "spark.kryo.registrator", HashlayersRegistrator.class.getName());
        String options = conf.get(OPTIONS_KEY, "");
        Stream<String> missing = EXECUTOR_OPTIONS.stream()
                .filter(option -> !options.contains(option.mark))
                .map(Option::text);
        conf.set(
                OPTIONS_KEY,
                Stream.concat(Stream.of(options), missing)
                        .filter(part -> !part.isBlank())
                        .collect(Collectors.joining(" ")));
        return conf;
    }

    /** Whether driver and executor are one JVM. */
    static boolean local(SparkConf conf) {
        String master = conf.get("spark.master");
        return master.equals("local") || master.startsWith("local[");
    }

    private static void appendTo(SparkConf conf, String key, String className) {
        String present = conf.get(key, "");
        if (Arrays.stream(present.split(",", -1)).noneMatch(name -> name.strip().equals(className))) {
            conf.set(key, present.isBlank() ? className : present + "," + className);
        }
    }
}
