package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.prepare.TextTokenizer;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "generate",
        description = "Continues prompts with a saved model, in this process.",
        footer = {
            "",
            "Examples:",
            "  hashlayers generate --run work/run --prompt \"Mr President, the Commission\"",
            "  hashlayers generate --run work/run --temperature 0 < prompts.txt"
        })
final class GenerateCommand implements Callable<Integer> {
    @Mixin
    private CheckpointOptions options = new CheckpointOptions();

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "Text to continue; may be repeated. Default: each line of standard input.")
    private List<String> prompts = new ArrayList<>();

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "100",
            description = "Most tokens to add; the end of a document ends it earlier. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.8",
            description = "Divides the logits; 0 takes the most probable token. Default: ${DEFAULT-VALUE}.")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "50",
            description = "Draws among the K most probable tokens, 0 for all. Default: ${DEFAULT-VALUE}.")
    private int topK;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the draws; the same seed gives the same text. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        requireInRange(tokens >= 1, "--tokens is " + tokens + "; set it to 1 or more");
        requireInRange(temperature >= 0, "--temperature is " + temperature + "; set it to 0 or more");
        requireInRange(topK >= 0, "--top-k is " + topK + "; set it to 0 or more");
        Configuration hadoop = HadoopSettings.load();
        try (CheckpointReader checkpoint = options.open(hadoop);
                TextTokenizer tokenizer = TextTokenizer.load(
                        hadoop,
                        options.data(Settings.parse(checkpoint.manifest().settings())))) {
            var continuation = TextContinuation.load(checkpoint, tokenizer);
            for (String prompt : prompts.isEmpty() ? standardInput() : prompts) {
                System.out.println(continuation.of(prompt, tokens, temperature, topK, seed));
            }
        }
        return 0;
    }

    private void requireInRange(boolean holds, String otherwise) {
        if (!holds && spec != null) {
            throw new ParameterException(spec.commandLine(), otherwise);
        }
    }

    private static List<String> standardInput() throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<String> lines = in.lines().filter(line -> !line.isBlank()).toList();
        if (lines.isEmpty()) {
            throw new TrainingException(
                    Failure.USER, "no prompt given; give one with --prompt or a line of standard input");
        }
        return lines;
    }
}
