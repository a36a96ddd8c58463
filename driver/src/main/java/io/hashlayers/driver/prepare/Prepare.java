package io.hashlayers.driver.prepare;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * Makes a dataset: counts words, learns a dictionary, encodes and splits the documents.
 *
 * <p>Everything is written to a folder beside the one asked for and renamed at the end, so a dataset is whole or absent.
 */
public final class Prepare {
    private final SparkSession spark;
    private final PrepareConfig config;
    private final Consumer<String> progress;
    private final Configuration hadoop;
    private final Path output;

    private Prepare(SparkSession spark, PrepareConfig config, Consumer<String> progress) {
        this.spark = spark;
        this.config = config;
        this.progress = progress;
        this.hadoop = spark.sparkContext().hadoopConfiguration();
        this.output = Folder.of(hadoop, config.outputDir()).path(); // full, since tasks write there
    }

    /**
     * Makes the dataset, or finds that it is there already.
     *
     * @param progress hears a sentence for each part of the work
     * @throws TrainingException of kind DATA if the input cannot be used, USER if the dictionary is too large for it or the
     *     folder holds a dataset of other settings
     */
    public static DatasetManifest run(SparkSession spark, PrepareConfig config, Consumer<String> progress) {
        return SparkJob.run(
                spark.sparkContext(), "preparing the dataset", () -> new Prepare(spark, config, progress).run());
    }

    private DatasetManifest run() throws IOException {
        List<InputFile> files = InputFile.find(hadoop, config.inputs(), config.format());
        Optional<byte[]> given = givenTokenizer();
        Map<String, String> settings = config.settings(
                InputFile.fingerprint(files), given.map(Sha256::of).orElse("bpe " + config.vocabularySize()));
        var destination = new Destination(hadoop, DatasetFiles.fileSystem(hadoop, output), output);
        Optional<DatasetManifest> present = destination.upToDate(settings, config.overwrite(), progress);
        if (present.isPresent()) {
            return present.get();
        }
        destination.begin();
        try {
            DatasetManifest manifest = write(files, given, settings, destination.draft());
            destination.replace();
            return manifest;
        } finally {
            destination.discard();
        }
    }

    private Optional<byte[]> givenTokenizer() {
        String file = config.tokenizer();
        if (file.isEmpty()) {
            return Optional.empty();
        }
        byte[] json = TextTokenizer.read(hadoop, file);
        TextTokenizer.of(json, file).close(); // refused now or never
        return Optional.of(json);
    }

    private DatasetManifest write(
            List<InputFile> files, Optional<byte[]> given, Map<String, String> settings, Path draft)
            throws IOException {
        JavaPairRDD<Long, String> documents = Documents.read(spark, files, config.textField());
        if (documents.isEmpty()) {
            throw new TrainingException(
                    Failure.DATA, "the input " + config.inputs() + " holds no text; check the path and prepare.format");
        }
        var splitRule = new SplitRule(config.validFraction(), config.testFraction(), config.seed());
        byte[] json = given.orElseGet(
                () -> trainTokenizer(documents.values().filter(text -> splitRule.splitOf(text) == SplitRule.TRAIN)));
        try (TextTokenizer tokenizer = TextTokenizer.of(json)) {
            Path path = new Path(draft, DatasetFiles.TOKENIZER);
            try (var out = DatasetFiles.fileSystem(hadoop, path).create(path, true)) {
                out.write(json);
            }
            long start = System.nanoTime();
            var task = new ShardTask(json, draft.toString(), splitRule);
            Shards shards = Shards.write(hadoop, documents, task, draft);
            progress.accept("encoded %d shards in %.1f s".formatted(shards.count(), seconds(start)));
            shards.frequencies(tokenizer.vocabularySize()).write(spark, draft, tokenizer);
            Map<String, SplitInfo> splits = shards.splits();
            DatasetManifest manifest = new DatasetManifest(
                    DatasetManifest.FORMAT_VERSION,
                    tokenizer.digest(),
                    tokenizer.vocabularySize(),
                    tokenizer.endOfText(),
                    splits,
                    settings,
                    splits.values().stream().mapToLong(SplitInfo::documents).sum());
            manifest.write(hadoop, draft);
            return manifest;
        }
    }

    private byte[] trainTokenizer(JavaRDD<String> texts) {
        Map<String, Long> words = new WordCounts().of(texts, progress);
        if (words.isEmpty()) {
            throw new TrainingException(
                    Failure.DATA,
                    "no document of the input falls into the train split, of which the dictionary is learned; lower"
                            + " prepare.valid-fraction and prepare.test-fraction, or give more documents");
        }
        long start = System.nanoTime();
        byte[] json = TokenizerJson.of(BpeTrainer.train(words, config.vocabularySize()));
        progress.accept(
                "learned a dictionary of %,d entries in %.1f s".formatted(config.vocabularySize(), seconds(start)));
        return json;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
