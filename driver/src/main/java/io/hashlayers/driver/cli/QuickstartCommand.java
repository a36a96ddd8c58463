package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.EvaluationSummary;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.QuickstartText;
import io.hashlayers.driver.prepare.TextTokenizer;
import io.hashlayers.driver.track.QuickstartSummary;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.data.DatasetFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "quickstart",
        description = "From real text to a trained sparse model in a few minutes: prepare, train, evaluate, generate.",
        footer = {
            "",
            "The text is the proceedings of the European Parliament in many languages, unless you give your own. The",
            "settings are those of conf/quickstart.conf, unless you give others. Started again, it redoes only what is",
            "not there yet; a run of other settings stays, unless you say --overwrite.",
            "",
            "Examples:",
            "  hashlayers quickstart",
            "  hashlayers quickstart --input my.txt --dir work/mine -D train.steps=300"
        })
final class QuickstartCommand implements Callable<Integer> {
    private static final String PRESET = "quickstart.conf";
    private static final int SAMPLE_TOKENS = 60;
    private static final double SAMPLE_TEMPERATURE = 0.8;
    private static final int SAMPLE_TOP_K = 40;

    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Option(names = "--input", paramLabel = "PATH", description = "Own text, as --input of prepare; may be repeated.")
    private List<String> inputs = new ArrayList<>();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "work/quickstart",
            description = "Folder on this machine for everything; default: ${DEFAULT-VALUE}.")
    private Path dir = Path.of("");

    @Option(names = "--overwrite", description = "Replace a run of other settings or text.")
    private boolean overwrite;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            defaultValue = "Mr President, the Commission",
            description = "Start of the sample; default: \"${DEFAULT-VALUE}\".")
    private String prompt = "";

    @Override
    public Integer call() {
        String data = dir.resolve("data").toString();
        String run = dir.resolve("run").toString();
        Settings settings = options.loadOrPreset(PRESET).withData(data);
        try (SparkSession spark = SparkSessions.create("hashlayers quickstart")) {
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            requireNoOther(hadoop, settings, run);
            prepare(spark, settings, data);
            RunSummary summary =
                    TrainCommand.train(spark, settings, run, overwrite ? Existing.REPLACE : Existing.GO_ON);
            EvaluationSummary test =
                    EvaluateCommand.evaluate(spark, settings, run, OptionalLong.empty(), data, DatasetFiles.TEST);
            System.out.println();
            System.out.println(new QuickstartSummary(summary, test, sample(hadoop, run, data), run).text());
        }
        return 0;
    }

    /** Refuses to replace a finished run of other settings, before anything is touched. */
    private void requireNoOther(Configuration hadoop, Settings settings, String run) {
        if (overwrite || CheckpointReader.latestStep(hadoop, run).isEmpty()) {
            return;
        }
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, run, OptionalLong.empty())) {
            if (!checkpoint.manifest().settings().equals(settings.render())) {
                throw new TrainingException(
                        Failure.USER,
                        run + " holds a run of other settings; say --overwrite to replace it, or name another folder by"
                                + " --dir");
            }
        }
    }

    private void prepare(SparkSession spark, Settings settings, String data) {
        List<String> text =
                inputs.isEmpty() ? List.of(QuickstartText.extractTo(dir).toString()) : inputs;
        var prepare = settings.prepare();
        Prepare.run(spark, PrepareCommand.config(prepare, text, prepare.tokenizer(), data, true), System.err::println);
    }

    private String sample(Configuration hadoop, String run, String data) {
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, run, OptionalLong.empty());
                TextTokenizer tokenizer = TextTokenizer.load(hadoop, data)) {
            return TextContinuation.load(checkpoint, tokenizer)
                    .of(prompt, SAMPLE_TOKENS, SAMPLE_TEMPERATURE, SAMPLE_TOP_K, 1);
        }
    }
}
