package io.hashlayers.driver.gang;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Measures a checkpoint on one split, on as many ranks as wanted, whatever number of ranks trained it. Its plan is kept in
 * the run's folder, for the next time.
 */
public final class EvaluationRun {
    private static final String PLANS = "evaluation";
    private static final int DIGEST_LETTERS = 12;

    private final SparkSession spark;
    private final EvaluationRequest request;
    private final RunReporter reporter;
    private final Configuration hadoop;
    private final DatasetManifest dataset;
    private final CheckpointManifest checkpoint;
    private final List<SharedHash> hashes;
    private final RunConfig config;

    private EvaluationRun(SparkSession spark, EvaluationRequest request, RunReporter reporter) {
        this.spark = spark;
        this.request = request;
        this.reporter = reporter;
        this.hadoop = spark.sparkContext().hadoopConfiguration();
        this.dataset = DatasetManifest.read(hadoop, new Path(request.datasetDir()));
        try (CheckpointReader reader = CheckpointReader.open(hadoop, request.runDir(), request.step())) {
            this.checkpoint = reader.manifest();
            this.hashes = reader.hashes();
        }
        this.config = SharedPaths.of(hadoop, config());
    }

    /** What the ranks are told; what concerns training alone has no effect. */
    private RunConfig config() {
        return new RunConfig(
                request.runDir(),
                request.datasetDir(),
                checkpoint.model(),
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0, 0, 1, 0, 0),
                train(),
                request.kernels());
    }

    private TrainConfig train() {
        return new TrainConfig(
                1, request.batchSequences(), request.accumulateBatches(), false, 0, 0, 0, 0, request.timeoutSeconds());
    }

    /**
     * Evaluates.
     *
     * @throws TrainingException the first real failure; of kind {@code DATA} if the dataset was made with another tokenizer
     *     than the model
     */
    public static EvaluationSummary run(SparkSession spark, EvaluationRequest request, RunReporter reporter) {
        try {
            return new EvaluationRun(spark, request, reporter).run();
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private EvaluationSummary run() {
        Preflight.requireSettings(spark.sparkContext().conf());
        requireTokenizer();
        DatasetCheck.requireRows(
                spark,
                request.datasetDir(),
                List.of(request.split()),
                checkpoint.model().contextLength());
        reporter.note("waiting for executors");
        int worldSize = Preflight.ranks(spark, request.ranks(), config.train());
        reporter.note("checking the dataset");
        DatasetCheck.requireWhole(spark, config.datasetDir(), dataset, List.of(request.split()));
        Frequencies frequencies = Frequencies.read(hadoop, request.datasetDir());
        Routing routing = route(frequencies, worldSize);
        RankProcess process = RankProcess.of(spark.sparkContext(), worldSize);
        MemoryPlan memory = MemoryPlan.evaluation(config, routing, worldSize, process);
        reporter.sized(config.model(), memory);
        MemoryCheck.require(spark.sparkContext().conf(), memory, worldSize);
        EvaluationProgram program = new EvaluationProgram(config, routing, checkpoint.step(), request.split());
        EvaluationProgram.Result result =
                new GangStage(spark, worldSize, reporter).run(program, EvaluationProgram.Result.class);
        return summary(result, frequencies, worldSize);
    }

    private void requireTokenizer() {
        String ofModel = checkpoint.digests().getOrDefault("tokenizer", "");
        if (!ofModel.equals(dataset.tokenizerDigest())) {
            throw new TrainingException(
                    Failure.DATA,
                    "the dataset %s was made with the tokenizer %s, the model with %s; prepare the text with the tokenizer of the model's dataset"
                            .formatted(request.datasetDir(), dataset.tokenizerDigest(), ofModel));
        }
    }

    /** Places experts by their load in the text that is measured, and plans its traffic. */
    private Routing route(Frequencies frequencies, int worldSize) {
        FeatureCounts counts = new FeatureCounts(
                spark,
                config.datasetDir(),
                dataset,
                frequencies,
                request.split(),
                config.model().contextLength());
        return new RoutePlanner(spark, config, dataset, counts, planFolder(worldSize), reporter)
                .plan(hashes, List.of(new PlannedSplit(request.split(), false, config)), worldSize);
    }

    private Folder planFolder(int worldSize) {
        String inputs = dataset.digest() + worldSize + ' ' + config.train().microBatchSequences();
        String name = Sha256.of(inputs.getBytes(StandardCharsets.UTF_8)).substring("sha256:".length());
        return Folder.of(hadoop, config.runDir())
                .folder(PLANS)
                .folder(request.split() + "-" + name.substring(0, DIGEST_LETTERS));
    }

    private long[] counts(Frequencies frequencies) {
        return switch (request.split()) {
            case DatasetFiles.TRAIN -> frequencies.train();
            case DatasetFiles.VALID -> frequencies.valid();
            default -> frequencies.test();
        };
    }

    private EvaluationSummary summary(EvaluationProgram.Result result, Frequencies frequencies, int worldSize) {
        EvaluationMetrics metrics = result.metrics();
        double bytesPerToken = dataset.split(request.split()).bytesPerToken();
        return new EvaluationSummary(
                metrics.step(),
                metrics.split(),
                metrics.perplexity(),
                metrics.nats() / metrics.tokens() / Math.log(2) / bytesPerToken,
                unigramPerplexity(frequencies),
                metrics.tokens(),
                metrics.tokens() / result.seconds(),
                worldSize);
    }

    private OptionalDouble unigramPerplexity(Frequencies frequencies) {
        long[] train = frequencies.train();
        return Arrays.stream(train).allMatch(count -> count == 0)
                ? OptionalDouble.empty()
                : OptionalDouble.of(new UnigramModel(train).perplexity(counts(frequencies)));
    }
}
