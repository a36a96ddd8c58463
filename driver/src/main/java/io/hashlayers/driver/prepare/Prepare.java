package io.hashlayers.driver.prepare;

import io.hashlayers.driver.job.JobFailures;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

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
        return JobFailures.run("preparing the dataset", () -> new Prepare(spark, config, progress).run());
    }

    private DatasetManifest run() throws IOException {
        List<InputFile> files = InputFile.find(hadoop, config.inputs(), config.format());
        Map<String, String> settings = config.settings(InputFile.fingerprint(files));
        FileSystem fileSystem = DatasetFiles.fileSystem(hadoop, output);
        if (DatasetManifest.exists(hadoop, output)) {
            DatasetManifest present = DatasetManifest.read(hadoop, output);
            if (present.settings().equals(settings)) {
                progress.accept(output + " is up to date: same input and settings, nothing to do");
                return present;
            }
        }
        boolean used = fileSystem.exists(output) && fileSystem.listStatus(output).length > 0;
        if (used && !(config.overwrite() && DatasetManifest.exists(hadoop, output))) {
            throw new TrainingException(
                    Failure.USER,
                    output + " is not empty and was not made of this input with these settings; choose another folder"
                            + (DatasetManifest.exists(hadoop, output)
                                    ? ", or add --overwrite"
                                    : ": it is no dataset of ours"));
        }
        Path draft = new Path(output.getParent(), output.getName() + ".incomplete");
        fileSystem.delete(draft, true);
        try {
            DatasetManifest manifest = write(files, settings, draft.toString());
            replace(fileSystem, draft);
            return manifest;
        } finally {
            fileSystem.delete(draft, true);
        }
    }

    /** Puts the draft in its place; a dataset that was there goes aside first, so that one of them is always whole. */
    private void replace(FileSystem fileSystem, Path draft) throws IOException {
        Path former = new Path(output.getParent(), output.getName() + ".former");
        fileSystem.delete(former, true);
        if (fileSystem.exists(output)) {
            rename(fileSystem, output, former);
        }
        rename(fileSystem, draft, output);
        fileSystem.delete(former, true);
    }

    private static void rename(FileSystem fileSystem, Path from, Path to) throws IOException {
        if (!fileSystem.rename(from, to)) {
            throw new TrainingException(
                    Failure.RESOURCES, from + " cannot be renamed to " + to + "; check the rights of its folder");
        }
    }

    private DatasetManifest write(List<InputFile> files, Map<String, String> settings, String draft)
            throws IOException {
        JavaPairRDD<Long, String> documents = Documents.read(spark, files, config.textField());
        if (documents.isEmpty()) {
            throw new TrainingException(
                    Failure.DATA, "the input " + config.inputs() + " holds no text; check the path and prepare.format");
        }
        var splitRule = new SplitRule(config.validFraction(), config.testFraction(), config.seed());
        byte[] json = config.tokenizer().isEmpty()
                ? trainTokenizer(documents.values().filter(text -> splitRule.splitOf(text) == SplitRule.TRAIN))
                : TextTokenizer.read(hadoop, config.tokenizer());
        try (TextTokenizer tokenizer = TextTokenizer.of(json)) {
            Path path = new Path(draft, DatasetFiles.TOKENIZER);
            try (var out = DatasetFiles.fileSystem(hadoop, path).create(path, true)) {
                out.write(json);
            }
            long start = System.nanoTime();
            List<Tuple2<Integer, ShardTask.Result[]>> shards = encode(documents, new ShardTask(json, draft, splitRule));
            progress.accept("encoded %d shards in %.1f s".formatted(shards.size(), seconds(start)));
            frequencies(shards, tokenizer.vocabularySize()).write(spark, draft, tokenizer);
            Map<String, SplitInfo> splits = splits(shards);
            DatasetManifest manifest = new DatasetManifest(
                    DatasetManifest.FORMAT_VERSION,
                    tokenizer.digest(),
                    tokenizer.vocabularySize(),
                    tokenizer.endOfText(),
                    splits,
                    settings,
                    splits.values().stream().mapToLong(SplitInfo::documents).sum());
            manifest.write(hadoop, new Path(draft));
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

    private List<Tuple2<Integer, ShardTask.Result[]>> encode(JavaPairRDD<Long, String> documents, ShardTask task) {
        var configuration = new SerializableConfiguration(hadoop);
        List<byte[]> results = documents
                .mapPartitionsWithIndex(
                        (partition, part) -> List.of(ResultBytes.write(
                                        partition, task.write(configuration.value(), partition, part)))
                                .iterator(),
                        false)
                .collect();
        List<Tuple2<Integer, ShardTask.Result[]>> shards = new ArrayList<>();
        results.forEach(bytes -> shards.add(ResultBytes.read(bytes)));
        shards.sort(Comparator.comparing(Tuple2::_1));
        return shards;
    }

    private static Frequencies frequencies(List<Tuple2<Integer, ShardTask.Result[]>> shards, int vocabularySize) {
        long[][] counts = new long[SplitRule.SPLITS.size()][vocabularySize];
        for (var shard : shards) {
            for (int split = 0; split < counts.length; split++) {
                ShardTask.Result result = shard._2()[split];
                for (int i = 0; i < result.tokens().length; i++) {
                    counts[split][result.tokens()[i]] += result.counts()[i];
                }
            }
        }
        return new Frequencies(counts[0], counts[1], counts[2]);
    }

    private static Map<String, SplitInfo> splits(List<Tuple2<Integer, ShardTask.Result[]>> shards) {
        Map<String, SplitInfo> splits = new TreeMap<>();
        for (int split = 0; split < SplitRule.SPLITS.size(); split++) {
            List<SplitInfo.Shard> files = new ArrayList<>();
            long documents = 0;
            long bytes = 0;
            for (var shard : shards) {
                ShardTask.Result result = shard._2()[split];
                files.add(result.shard());
                documents += result.documents();
                bytes += result.bytes();
            }
            long tokens = files.stream().mapToLong(SplitInfo.Shard::tokens).sum();
            splits.put(SplitRule.SPLITS.get(split), new SplitInfo(tokens, documents, bytes, files));
        }
        return splits;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
