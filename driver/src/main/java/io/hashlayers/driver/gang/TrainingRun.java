package io.hashlayers.driver.gang;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.RankResult;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * A training run, from the dataset to the last checkpoint: table, placement and plan are made in the driver, then the ranks
 * train.
 */
public final class TrainingRun {
    private static final List<String> SPLITS = List.of(DatasetFiles.TRAIN, DatasetFiles.VALID);

    private final SparkSession spark;
    private final TrainingRequest request;
    private final RunConfig config;
    private final RunReporter reporter;
    private final RunFolder folder;
    private final DatasetManifest dataset;

    private TrainingRun(SparkSession spark, TrainingRequest request, RunReporter reporter) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        this.spark = spark;
        this.request = request;
        this.config = SharedPaths.of(hadoop, request.config());
        this.reporter = reporter;
        this.folder = new RunFolder(hadoop, config.runDir());
        this.dataset = DatasetManifest.read(hadoop, new Path(config.datasetDir()));
    }

    /**
     * Trains.
     *
     * <p>Nothing is left in the run's folder if the run fails before its ranks have met.
     *
     * @return what came of it, as the reporter heard
     * @throws TrainingException the first real failure, as the reporter heard
     */
    public static RunSummary run(SparkSession spark, TrainingRequest request, RunReporter reporter) {
        try {
            RunSummary summary = new TrainingRun(spark, request, reporter).run();
            reporter.finished(summary);
            return summary;
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private RunSummary run() {
        int worldSize = preflight();
        Frequencies frequencies = Frequencies.read(spark, config.datasetDir());
        folder.create(request.settings());
        GangStage gang = null;
        try {
            Routing routing = config.model().sparseLayers().isEmpty() ? null : route(frequencies, worldSize);
            MemoryEstimate memory = MemoryEstimate.of(config, routing, worldSize);
            MemoryCheck.require(spark.sparkContext().conf(), memory, worldSize);
            TrainingProgram program = new TrainingProgram(config, routing, digests(routing), request.settings());
            gang = new GangStage(spark, worldSize, memory, reporter);
            return summary(gang.run(program, RankResult.class), frequencies, worldSize, program.digests());
        } catch (RuntimeException e) {
            if (gang == null || !gang.met()) {
                folder.discard();
            }
            throw e;
        }
    }

    /** Checks cluster, folder and dataset; writes nothing. */
    private int preflight() {
        Preflight.requireSettings(spark.sparkContext().conf());
        requireVocabulary();
        DatasetCheck.requireRows(
                spark, config.datasetDir(), SPLITS, config.model().contextLength());
        folder.requireFree(request.overwrite());
        reporter.note("waiting for executors");
        int worldSize = Preflight.ranks(spark, request.ranks(), config.train().batchSequences());
        reporter.note("checking the dataset");
        DatasetCheck.requireWhole(spark, config.datasetDir(), dataset, SPLITS);
        return worldSize;
    }

    private void requireVocabulary() {
        int ofModel = config.model().vocabularySize();
        if (dataset.vocabularySize() != ofModel) {
            throw new TrainingException(
                    Failure.DATA,
                    "the dataset %s has a vocabulary of %d, the model one of %d; set model.vocabulary-size to that of the dataset"
                            .formatted(config.datasetDir(), dataset.vocabularySize(), ofModel));
        }
    }

    /** Decides who goes where, and plans the traffic. */
    private Routing route(Frequencies frequencies, int worldSize) {
        ExpertTable table = table(config.table(), config.model(), frequencies.train());
        ExpertPlacement placement = ExpertPlacement.byLoad(table.loads(frequencies.train()), worldSize);
        TokenHash hash = new TokenHash(TokenFeature.CURRENT_TOKEN, table);
        hash.requireVocabulary(dataset.vocabularySize());
        folder.saveTable(table);
        reporter.sharded(BalanceReport.of(table, frequencies.train(), placement));
        reporter.note("planning the traffic of " + config.train().steps() + " steps");
        RunPlan plan = new PlanJob(spark, config, dataset, hash, placement, folder.plan())
                .run(List.of(
                        new PlannedSplit(DatasetFiles.TRAIN, true, config),
                        new PlannedSplit(DatasetFiles.VALID, false, config)));
        reporter.planned(plan);
        return new Routing(hash, placement, plan, folder.plan().toString());
    }

    static ExpertTable table(TableConfig config, ModelConfig model, long[] counts) {
        return switch (config.kind()) {
            case BALANCED -> ExpertTable.balanced(counts, model.numExperts(), model.expertsPerToken());
            case RANDOM ->
                ExpertTable.random(counts.length, model.numExperts(), model.expertsPerToken(), config.seed());
            case MODULO -> ExpertTable.modulo(counts.length, model.numExperts(), model.expertsPerToken());
        };
    }

    private SortedMap<String, String> digests(@Nullable Routing routing) {
        SortedMap<String, String> digests = new TreeMap<>();
        digests.put("tokenizer", dataset.tokenizerDigest());
        digests.put("dataset", dataset.digest());
        if (routing != null) {
            digests.put("table", routing.hash().table().digest());
            digests.put("plan", routing.plan().digest());
        }
        return digests;
    }

    private RunSummary summary(
            RankResult result, Frequencies frequencies, int worldSize, SortedMap<String, String> digests) {
        double perplexity = result.validation().perplexity();
        double bytesPerToken = dataset.split(DatasetFiles.VALID).bytesPerToken();
        return new RunSummary(
                perplexity,
                Math.log(perplexity) / Math.log(2) / bytesPerToken,
                new UnigramModel(frequencies.train()).perplexity(frequencies.valid()),
                result.steps(),
                result.tokens(),
                result.tokensPerSecond(),
                worldSize,
                result.meanMaxVio(),
                dataset.tokenizerDigest(),
                dataset.digest(),
                digests.getOrDefault("table", "none"));
    }
}
