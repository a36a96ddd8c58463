package io.hashlayers.dl4j;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.RunConfig;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "dl4j-baseline/train",
        description = "Trains the dense twin of a model by Deeplearning4j Spark's ParameterAveragingTrainingMaster on a"
                + " prepared dataset, with the rows, the order and the files of hashlayers train.",
        usageHelpWidth = 100,
        footer = {
            "",
            "The run's folder gets run.conf, metrics.jsonl, loss.svg and, at the end, summary.json. The",
            "launcher takes --master URL (default local[*]) and --spark-conf KEY=VALUE.",
            "",
            "Example:",
            "  dl4j-baseline/train --master local[2] --conf conf/quickstart.conf --data work/data --run work/1"
        })
final class BaselineCommand implements Callable<Integer> {
    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description = "HOCON file with settings over the defaults of conf/reference.conf; may be repeated.")
    private List<Path> files = new ArrayList<>();

    @Option(names = "-D", paramLabel = "KEY=VALUE", description = "One setting over the files; may be repeated.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--data", paramLabel = "DIR", description = "Folder that prepare wrote, as train.data.")
    private @Nullable String data;

    @Option(names = "--run", required = true, paramLabel = "DIR", description = "Folder of this run, to be made.")
    private String run = "";

    @Option(
            names = "--averaging-frequency",
            paramLabel = "STEPS",
            defaultValue = "5",
            description = "Steps of each worker between two averagings; default ${DEFAULT-VALUE}, as Deeplearning4j's.")
    private int averagingFrequency;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    @Option(names = "--overwrite", description = "Delete the run that lies in that folder already.")
    private boolean overwrite;

    @Override
    public Integer call() {
        Settings loaded = Settings.load(files, overrides);
        Settings settings = data == null ? loaded : loaded.withData(data);
        settings.data(); // named, before Spark starts
        // SameDiff prints a line for each operation that it differentiates, whenever a worker begins.
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        try (SparkSession spark = BaselineSession.create(new SparkConf())) {
            train(spark, settings);
        }
        return 0;
    }

    private void train(SparkSession spark, Settings settings) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        DatasetManifest manifest = DatasetManifest.read(hadoop, new org.apache.hadoop.fs.Path(settings.data()));
        RunConfig config = settings.run(run, manifest.vocabularySize());
        var request = new BaselineRequest(config, settings.ranks(), averagingFrequency, settings.render(), overwrite);
        try (RunTracker tracker = RunTracker.of(request.config(), hadoop)) {
            BaselineRun.run(spark, request, tracker);
        }
    }
}
