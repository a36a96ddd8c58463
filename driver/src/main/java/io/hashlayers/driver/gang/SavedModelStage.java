package io.hashlayers.driver.gang;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * A saved model on as many ranks as wanted, whatever number of ranks trained it, for a program that reads one split of a dataset
 * with it. The plan is kept, for the next time.
 */
final class SavedModelStage {
    private static final String PLANS = "evaluation";
    private static final int DIGEST_LETTERS = 12;

    private final SparkSession spark;
    private final EvaluationRequest request;
    private final Folder plans;
    private final RunReporter reporter;
    private final Configuration hadoop;
    private final DatasetManifest dataset;
    private final CheckpointManifest checkpoint;
    private final List<SharedHash> hashes;
    private final RunConfig config;
    private int worldSize;

    /**
     * Opens checkpoint and dataset.
     *
     * @param sequences of the split that are read, 0 for all
     * @param use the model of the checkpoint as it is to be used
     * @param plans folder for plans
     */
    SavedModelStage(
            SparkSession spark,
            EvaluationRequest request,
            long sequences,
            UnaryOperator<ModelConfig> use,
            Folder plans,
            RunReporter reporter) {
        this.spark = spark;
        this.request = request;
        this.plans = plans;
        this.reporter = reporter;
        this.hadoop = spark.sparkContext().hadoopConfiguration();
        this.dataset = DatasetManifest.read(hadoop, new Path(request.datasetDir()));
        try (CheckpointReader reader = CheckpointReader.open(hadoop, request.runDir(), request.step())) {
            this.checkpoint = reader.manifest();
            this.hashes = reader.hashes();
        }
        this.config = SharedPaths.of(hadoop, config(use.apply(checkpoint.model()), sequences));
    }

    /** With plans in the folder of the run. */
    SavedModelStage(
            SparkSession spark,
            EvaluationRequest request,
            long sequences,
            UnaryOperator<ModelConfig> use,
            RunReporter reporter) {
        this(
                spark,
                request,
                sequences,
                use,
                Folder.of(spark.sparkContext().hadoopConfiguration(), request.runDir())
                        .folder(PLANS),
                reporter);
    }

    /** What the ranks are told; what concerns training alone has no effect. */
    private RunConfig config(ModelConfig model, long sequences) {
        return new RunConfig(
                request.runDir(),
                request.datasetDir(),
                model,
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0, 0, 1, 0, 0),
                new TrainConfig(
                        1,
                        request.batchSequences(),
                        request.accumulateBatches(),
                        false,
                        0,
                        0,
                        sequences,
                        0,
                        request.timeoutSeconds()),
                request.kernels());
    }

    CheckpointManifest checkpoint() {
        return checkpoint;
    }

    DatasetManifest dataset() {
        return dataset;
    }

    Frequencies frequencies() {
        return Frequencies.read(hadoop, request.datasetDir());
    }

    /** Ranks of the last {@link #run}. */
    int worldSize() {
        return worldSize;
    }

    /**
     * Runs a program on all ranks.
     *
     * @param program for a configuration and its routing
     * @param type of its result
     * @throws TrainingException the first real failure; of kind {@code DATA} if the dataset was made with another tokenizer
     *     than the model
     */
    <R> R run(BiFunction<RunConfig, Routing, RankProgram> program, Class<R> type) {
        Preflight.requireSettings(spark.sparkContext().conf());
        DatasetCheck.requireTokenizer(request.datasetDir(), dataset, checkpoint);
        DatasetCheck.requireRows(
                spark,
                request.datasetDir(),
                List.of(request.split()),
                checkpoint.model().contextLength());
        reporter.note("waiting for executors");
        worldSize = Preflight.ranks(spark, request.ranks(), BatchShares.of(config.train(), List.of()), reporter);
        reporter.note("checking the dataset");
        DatasetCheck.requireWhole(spark, config.datasetDir(), dataset, List.of(request.split()));
        Routing routing = route();
        RankProcess process = RankProcess.of(spark.sparkContext(), worldSize);
        MemoryPlan memory = MemoryPlan.evaluation(config, routing, worldSize, process);
        reporter.sized(config.model(), memory);
        MemoryCheck.require(spark.sparkContext().conf(), memory, worldSize);
        return new GangStage(spark, worldSize, reporter).run(program.apply(config, routing), type);
    }

    /** Places experts by their load in the text that is read, and plans its traffic. */
    private Routing route() {
        PlannedSplit split = new PlannedSplit(request.split(), false, config, predictions());
        FeatureCounts counts = new FeatureCounts(spark, split.rows(), dataset, frequencies());
        return new RoutePlanner(spark, config, dataset, counts, planFolder(), reporter)
                .plan(hashes, List.of(split), worldSize);
    }

    /** Where the predictions are that the hashes read, made by the model that made those of the training. */
    private String predictions() {
        if (hashes.stream().noneMatch(shared -> shared.hash().needsPrediction())) {
            return "";
        }
        Folder folder = planFolder().folder(PredictionManifest.FOLDER);
        TrainedModel predictor = PredictionRun.predictorOf(hadoop, config.runDir(), checkpoint);
        new PredictionRun(spark, predictor, folder, reporter).predict(config, request.split(), 0, worldSize);
        return folder.toString();
    }

    private Folder planFolder() {
        String inputs = dataset.digest() + worldSize + ' ' + config.train().microBatchSequences();
        String name = Sha256.of(inputs.getBytes(StandardCharsets.UTF_8)).substring("sha256:".length());
        return plans.folder(request.split() + "-" + name.substring(0, DIGEST_LETTERS));
    }
}
