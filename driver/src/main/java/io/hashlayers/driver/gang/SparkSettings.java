package io.hashlayers.driver.gang;

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
            Preflight.REGISTRATION_KEY,
            "60s",
            // The slots were counted before; this is for executors that went away since. Default: ten minutes.
            "spark.scheduler.barrier.maxConcurrentTasksCheck.interval",
            "5s",
            "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures",
            "6",
            // One rank = one core = one BLAS thread.
            "spark.executorEnv.OMP_NUM_THREADS",
            "1",
            "spark.executorEnv.OPENBLAS_NUM_THREADS",
            "1");

    /** Off-heap memory is bounded by what the plan says a rank needs, not by the size of the heap. */
    private static final List<String> EXECUTOR_OPTIONS = List.of(
            "--add-modules=jdk.incubator.vector",
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0");

    private static final String OPTIONS_KEY = "spark.executor.extraJavaOptions";

    private SparkSettings() {}

    /** Adds to {@code conf} what is missing, and returns it. */
    static SparkConf complete(SparkConf conf) {
        DEFAULTS.forEach(conf::setIfMissing);
        appendTo(conf, "spark.plugins", HashlayersPlugin.class.getName());
        appendTo(conf, "spark.kryo.registrator", HashlayersRegistrator.class.getName());
        String options = conf.get(OPTIONS_KEY, "");
        List<String> missing = EXECUTOR_OPTIONS.stream()
                .filter(option -> !options.contains(nameOf(option)))
                .toList();
        conf.set(
                OPTIONS_KEY,
                Stream.concat(Stream.of(options), missing.stream())
                        .filter(part -> !part.isBlank())
                        .collect(Collectors.joining(" ")));
        return conf;
    }

    private static void appendTo(SparkConf conf, String key, String className) {
        String present = conf.get(key, "");
        if (Arrays.stream(present.split(",", -1)).noneMatch(name -> name.strip().equals(className))) {
            conf.set(key, present.isBlank() ? className : present + "," + className);
        }
    }

    /** What identifies an option that the user may have set to another value. */
    private static String nameOf(String option) {
        return option.startsWith("-D") ? option.substring(0, option.indexOf('=') + 1) : "jdk.incubator.vector";
    }
}
