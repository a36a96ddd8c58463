package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings.PrepareSettings;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.PrepareConfig;
import io.hashlayers.worker.data.DatasetManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "prepare",
        description = "Makes a dataset of text: dictionary, token shards, frequencies, manifest.",
        footer = {
            "",
            "Text files hold a document a line, or documents apart by blank lines (-D prepare.format=blank-line);",
            ".jsonl and .parquet have a field with the text (-D prepare.text-field=body). All may be .gz or .zst.",
            "The same input and settings again: nothing is redone.",
            "",
            "Examples:",
            "  hashlayers prepare --input corpus.txt.gz --out work/data",
            "  hashlayers prepare --input 'hdfs:///text/*.jsonl' --out hdfs:///data \\",
            "      -D prepare.vocabulary-size=32000",
            "  hashlayers prepare --input new.txt --out work/new --tokenizer work/data/tokenizer.json"
        })
final class PrepareCommand implements Callable<Integer> {
    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Option(
            names = "--input",
            required = true,
            paramLabel = "PATH",
            description = "File, folder or glob of text, any Hadoop path; may be repeated.")
    private List<String> inputs = new ArrayList<>();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of the dataset, to be made.")
    private String out = "";

    @Option(
            names = "--tokenizer",
            paramLabel = "FILE",
            description = "tokenizer.json to use instead of training one, as prepare.tokenizer.")
    private @Nullable String tokenizer;

    @Option(names = "--overwrite", description = "Replace another dataset in that folder.")
    private boolean overwrite;

    @Override
    public Integer call() {
        PrepareSettings settings = options.load().prepare();
        var config = config(settings, inputs, tokenizer == null ? settings.tokenizer() : tokenizer, out, overwrite);
        try (SparkSession spark = SparkSessions.create("hashlayers prepare")) {
            DatasetManifest manifest = Prepare.run(spark, config, System.err::println);
            new DatasetReport(System.out).print(out, manifest);
        }
        return 0;
    }

    static PrepareConfig config(
            PrepareSettings settings, List<String> inputs, String tokenizer, String out, boolean overwrite) {
        return new PrepareConfig(
                inputs,
                settings.format(),
                settings.textField(),
                settings.vocabularySize(),
                tokenizer,
                settings.validFraction(),
                settings.testFraction(),
                settings.seed(),
                out,
                overwrite);
    }
}
