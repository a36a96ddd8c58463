package io.hashlayers.driver.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.driver.bench.BenchPicture;
import io.hashlayers.driver.bench.BenchProgram;
import io.hashlayers.driver.bench.BenchReport;
import io.hashlayers.driver.bench.BenchText;
import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.config.Settings.BenchSettings;
import io.hashlayers.driver.gang.BatchShares;
import io.hashlayers.driver.gang.GangRun;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.track.ConsoleReporter;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.RunConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        description =
                "Times training steps on drawn tokens, each of their operations and the exchange between ranks, and sets"
                        + " them beside the limits of the machine, measured in the same run.",
        footer = {
            "",
            "The ranks are those of the master, so the same command compares threads, processes and machines.",
            "",
            "Examples:",
            "  hashlayers --master local[2] bench --conf conf/bench-small.conf",
            "  hashlayers --master local-cluster[2,1,3072] bench --conf conf/bench-small.conf --json bench.json \\",
            "      --picture bench.svg"
        })
final class BenchCommand implements Callable<Integer> {
    private static final String DENSE = "dense";

    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report there as well, as JSON.")
    private @Nullable Path json;

    @Option(names = "--picture", paramLabel = "FILE", description = "Draw the operations of a step there, as SVG.")
    private @Nullable Path picture;

    @Override
    public Integer call() throws IOException {
        requireFolderOf("--json", json); // before the measurement, not after
        requireFolderOf("--picture", picture);
        Settings settings = options.load();
        BenchSettings bench = settings.bench();
        RunConfig config = settings.run("", bench.vocabularySize());
        SortedMap<String, RunConfig> rivals = rivals(settings, config);
        BatchShares shares = BatchShares.of(
                config.train(),
                Stream.concat(Stream.of(config), rivals.values().stream())
                        .map(RunConfig::model)
                        .toList());
        if (bench.ranks() > 0) {
            shares.uneven(bench.ranks()).ifPresent(uneven -> {
                throw new TrainingException(
                        Failure.USER,
                        "%s, which %d ranks cannot share evenly; change it or bench.ranks"
                                .formatted(uneven, bench.ranks()));
            });
        }
        try (SparkSession spark = SparkSessions.create("hashlayers bench")) {
            BenchReport report = GangRun.run(
                    spark,
                    bench.ranks(),
                    shares,
                    new BenchProgram(config, rivals, bench.steps()),
                    BenchReport.class,
                    ConsoleReporter.of(config));
            BenchText.print(report, System.out);
            if (picture != null) {
                Files.writeString(picture, BenchPicture.of(report));
            }
            if (json != null) {
                Files.writeString(
                        json,
                        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n");
            }
        }
        return 0;
    }

    /** The models of {@code bench.against}, but for the model itself. */
    private static SortedMap<String, RunConfig> rivals(Settings settings, RunConfig config) {
        SortedMap<String, RunConfig> rivals = new TreeMap<>();
        for (String name : settings.bench().against()) {
            rivals.put(
                    name,
                    name.equals(DENSE)
                            ? config.of(config.model().dense())
                            : settings.withRouter(name).run("", settings.bench().vocabularySize()));
        }
        rivals.values().removeIf(rival -> rival.model().equals(config.model()));
        return rivals;
    }

    private static void requireFolderOf(String option, @Nullable Path file) {
        Path folder = file == null ? null : file.toAbsolutePath().getParent();
        if (folder != null && !Files.isWritable(folder)) {
            throw new TrainingException(
                    Failure.USER, option + " names " + file + ", whose folder cannot be written; give another file");
        }
    }
}
