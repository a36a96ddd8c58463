package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.EvaluationRequest;
import io.hashlayers.driver.gang.EvaluationRun;
import io.hashlayers.driver.gang.EvaluationSummary;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.prepare.Prepare;
import io.hashlayers.driver.prepare.PrepareConfig;
import io.hashlayers.driver.track.ConsoleReporter;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.train.TrainConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "evaluate",
        description =
                "Measures a saved model: perplexity, bits per byte, and the unigram perplexity of the same tokens.",
        footer = {
            "",
            "Bits per byte compare models with different dictionaries. The unigram perplexity is by the frequencies of the",
            "dataset's training split; with --text there is none.",
            "",
            "Examples:",
            "  hashlayers evaluate --run work/run",
            "  hashlayers evaluate --run work/run --step 1000 --split valid",
            "  hashlayers evaluate --run work/run --text other.txt"
        })
final class EvaluateCommand implements Callable<Integer> {
    @Mixin
    private CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--split",
            paramLabel = "NAME",
            defaultValue = DatasetFiles.TEST,
            description = "train, valid or test; default: ${DEFAULT-VALUE}.")
    private String split = "";

    @Option(
            names = "--text",
            paramLabel = "PATH",
            description = "Text to measure instead, as --input of prepare; may be repeated. It is prepared with the"
                    + " tokenizer of the dataset, into the run's folder.")
    private List<String> texts = new ArrayList<>();

    @Option(
            names = "--ranks",
            paramLabel = "N",
            description = "Ranks, 0 for as many as the cluster has slots and the batch allows; default: as the run.")
    private @Nullable Integer ranks;

    @Override
    public Integer call() {
        Settings settings = checkpoint.settings(ranks);
        try (SparkSession spark = SparkSessions.create("hashlayers evaluate")) {
            String data = checkpoint.data(settings);
            boolean own = texts.isEmpty();
            System.out.println(describe(evaluate(
                    spark,
                    settings,
                    checkpoint.run(),
                    checkpoint.step(),
                    own ? data : prepareTexts(spark, settings, data),
                    own ? split : DatasetFiles.TEST)));
        }
        return 0;
    }

    /** Makes all of the text the test split of a dataset in the run's folder. */
    private String prepareTexts(SparkSession spark, Settings settings, String data) {
        String name = Sha256.of(String.join("\n", texts).getBytes(StandardCharsets.UTF_8))
                .substring("sha256:".length())
                .substring(0, 12);
        String out = checkpoint.run() + "/texts/" + name;
        Settings.PrepareSettings prepare = settings.prepare();
        var config = new PrepareConfig(
                texts,
                prepare.format(),
                prepare.textField(),
                prepare.vocabularySize(),
                data + "/" + DatasetFiles.TOKENIZER,
                0,
                1,
                prepare.seed(),
                out,
                true);
        Prepare.run(spark, config, System.err::println);
        return out;
    }

    static EvaluationSummary evaluate(
            SparkSession spark, Settings settings, String run, OptionalLong step, String data, String split) {
        var train = settings.train();
        var request = new EvaluationRequest(
                run,
                step,
                data,
                split,
                train.batchSequences(),
                partsOfBatch(train, settings.ranks()),
                settings.ranks(),
                settings.kernels(),
                train.timeoutSeconds());
        return EvaluationRun.run(spark, request, ConsoleReporter.of(0, 0));
    }

    /** As many parts of a batch as in training, or fewer so that the ranks can share each evenly. */
    static int partsOfBatch(TrainConfig train, int ranks) {
        int parts = train.accumulateBatches();
        while (parts > 1
                && (train.batchSequences() % parts != 0 || train.batchSequences() / parts % Math.max(1, ranks) != 0)) {
            parts--;
        }
        return parts;
    }

    static String describe(EvaluationSummary summary) {
        OptionalDouble unigram = summary.unigramPerplexity();
        return String.format(
                Locale.ROOT,
                "step %d, %s split, %,d tokens: perplexity %.2f%s, %.4f bits per byte, %,.0f tokens/s on %d ranks",
                summary.step(),
                summary.split(),
                summary.tokens(),
                summary.perplexity(),
                unigram.isPresent() ? String.format(Locale.ROOT, " (unigram %.1f)", unigram.getAsDouble()) : "",
                summary.bitsPerByte(),
                summary.tokensPerSecond(),
                summary.worldSize());
    }
}
