package io.hashlayers.driver.gang;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.checkpoint.SkippedSteps;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.PlannedHash;
import io.hashlayers.worker.train.RankResult;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * A training run until its last step or its first failure: table, placement and plan are made in the driver, then the ranks
 * train.
 */
final class TrainingAttempt {
    private static final List<String> SPLITS = List.of(DatasetFiles.TRAIN, DatasetFiles.VALID);

    private final SparkSession spark;
    private final TrainingRequest request;
    private final RunConfig config;
    private final RunReporter reporter;
    private final RunFolder folder;
    private final DatasetManifest dataset;
    private final Optional<ResumedRun> resumed;
    private final Optional<StartingModel> start;
    private final List<SharedHash> kept; // hashes of the checkpoint that the run begins with, or goes on behind
    private final TableSources sources;
    private final Preparation preparation;
    private final SkippedSteps skipped;
    private boolean folderIsNew;

    /**
     * @param preparation of the attempts before
     */
    TrainingAttempt(SparkSession spark, TrainingRequest request, RunReporter reporter, Preparation preparation) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        this.spark = spark;
        this.request = request;
        RunConfig asked = SharedPaths.of(hadoop, request.config());
        TuningConfig tuning = asked.tuning();
        this.reporter = reporter;
        this.preparation = preparation;
        this.folder = new RunFolder(hadoop, asked.runDir());
        this.dataset = DatasetManifest.read(hadoop, new Path(asked.datasetDir()));
        this.resumed = ResumedRun.find(spark, request, asked, folder, reporter);
        this.skipped = skipped();
        this.start = tuning.continues() && resumed.isEmpty()
                ? Optional.of(StartingModel.open(hadoop, tuning))
                : Optional.empty();
        this.config = start.map(model -> asked.tuned(tuning.at(tuning.from(), model.step())))
                .orElse(asked);
        this.kept = resumed.map(run -> run.checkpoint().hashes())
                .orElseGet(() -> start.map(model -> model.kept(config)).orElse(List.of()));
        this.sources = TableSources.open(hadoop, config, layersOf(kept));
    }

    /** What the run leaves out, by its folder and by its checkpoint. */
    private SkippedSteps skipped() {
        if (request.existing() == TrainingRequest.Existing.REPLACE) {
            return SkippedSteps.NONE;
        }
        SkippedSteps ofCheckpoint = resumed.map(ResumedRun::skipped).orElse(SkippedSteps.NONE);
        return folder.skipped().and(ofCheckpoint);
    }

    private List<Long> skippedNumbers() {
        return Arrays.stream(skipped.numbers()).boxed().toList();
    }

    /** As {@link TrainingRun#plan}. */
    MemoryPlan plan() {
        requireInputs();
        int asked = request.ranks();
        if (asked > 0) {
            BatchShares.of(config).require(asked);
        }
        int worldSize = asked > 0 ? asked : Preflight.ranks(spark, asked, BatchShares.of(config), reporter);
        requireRows(worldSize);
        requireWholeDataset();
        Frequencies frequencies = Frequencies.read(spark.sparkContext().hadoopConfiguration(), config.datasetDir());
        requireNoRun();
        folder.create(request.settings());
        try {
            Routing routing = route(frequencies, worldSize);
            RankProcess process = RankProcess.planned(spark.sparkContext(), worldSize);
            return size(affordable(routing, worldSize, process), routing, worldSize, process);
        } catch (RuntimeException e) {
            folder.discard();
            throw e;
        }
    }

    /**
     * Trains, or tells what came of it if it was finished before.
     *
     * @throws TrainingException the first real failure
     */
    RunSummary run() {
        Optional<RunSummary> before = resumed.isEmpty() ? Optional.empty() : folder.summary();
        if (before.isPresent() && before.get().steps() == config.train().steps()) {
            resumed.get().requireSame(config, dataset);
            reporter.note("finished  before: the run in %s has done all %,d steps, nothing is left to do"
                    .formatted(config.runDir(), before.get().steps()));
            return before.get();
        }
        return train();
    }

    private RunSummary train() {
        int worldSize = preflight();
        Frequencies frequencies = Frequencies.read(spark.sparkContext().hadoopConfiguration(), config.datasetDir());
        openFolder();
        GangStage gang = null;
        try {
            Routing routing = preparation.routing(worldSize).orElseGet(() -> route(frequencies, worldSize));
            preparation.note(worldSize, routing);
            RankProcess process = RankProcess.of(spark.sparkContext(), worldSize * request.runsAtOnce());
            RunConfig affordable = affordable(routing, worldSize, process);
            MemoryPlan memory = size(affordable, routing, worldSize, process);
            reporter.note(MemoryCheck.describe(spark.sparkContext().conf(), memory, worldSize * request.runsAtOnce()));
            MemoryCheck.require(spark.sparkContext().conf(), memory, worldSize * request.runsAtOnce());
            long finishedSteps = resumed.map(ResumedRun::step).orElse(0L);
            TrainingProgram program = new TrainingProgram(
                    affordable, routing, digests(routing), request.settings(), skippedNumbers(), finishedSteps);
            gang = new GangStage(spark, worldSize, reporter);
            if (mayShrink() && worldSize < request.ranks()) {
                gang.endForMoreRanks(request.ranks(), config.train().steps());
            }
            RankResult result = gang.run(program, RankResult.class);
            if (!gang.peakBytes().isEmpty()) {
                reporter.measured(memory, gang.peakBytes());
            }
            return summary(result, frequencies, worldSize, program.digests());
        } catch (RuntimeException e) {
            if (folderIsNew && (gang == null || !gang.met())) {
                folder.discard();
                preparation.forgetFolder();
            }
            throw e;
        }
    }

    private void openFolder() {
        if (resumed.isPresent()) {
            reporter.resumed(resumed.get().step());
            folder.goOn(request.settings());
        } else if (preparation.inFolder()) {
            folder.goOn(request.settings()); // without a checkpoint yet
        } else {
            folderIsNew = true;
            folder.create(request.settings());
            if (!skipped.steps().isEmpty()) {
                folder.skip(skipped);
            }
        }
    }

    /** Checks cluster, folder and dataset; writes nothing. */
    private int preflight() {
        requireInputs();
        int worldSize = ranks();
        requireRows(worldSize);
        requireWholeDataset();
        return worldSize;
    }

    /** All ranks that were asked for, or fewer if that is allowed and the run was begun before. */
    private int ranks() {
        int asked = request.ranks();
        boolean begun = preparation.ranks() > 0 || resumed.isPresent();
        if (!begun || !mayShrink()) {
            return Preflight.ranks(spark, asked, BatchShares.of(config), reporter);
        }
        int ranks =
                Preflight.ranks(Slots.of(spark.sparkContext()), asked, request.leastRanks(), BatchShares.of(config));
        if (ranks < asked || (preparation.ranks() > 0 && preparation.ranks() < asked)) {
            reporter.regrouped(ranks, asked);
        }
        return ranks;
    }

    private boolean mayShrink() {
        return request.ranks() > 0 && request.leastRanks() > 0;
    }

    private void requireInputs() {
        start.ifPresent(model -> model.requireFit(config, dataset));
        requireVocabulary();
        config.tuning().frozen().requireFit(config.model());
        sources.requireFit(config, dataset);
        DatasetCheck.requireRows(
                spark, config.datasetDir(), SPLITS, config.model().contextLength());
        folder.requireRunOrNothing();
        resumed.ifPresent(run -> run.requireSame(config, dataset));
    }

    /** A plan is for a run that is not there yet, or that may go. */
    private void requireNoRun() {
        if (request.existing() != TrainingRequest.Existing.REPLACE
                && folder.settings().isPresent()) {
            throw new TrainingException(
                    Failure.USER,
                    config.runDir() + " already holds a run; name another folder, or say --overwrite to delete it");
        }
    }

    private void requireWholeDataset() {
        if (!preparation.wholeDataset()) {
            reporter.note("checking the dataset");
            DatasetCheck.requireWhole(spark, config.datasetDir(), dataset, SPLITS);
            preparation.noteWholeDataset();
        }
    }

    private Routing route(Frequencies frequencies, int worldSize) {
        String predictions = predict(worldSize);
        PlannedSplit train = new PlannedSplit(DatasetFiles.TRAIN, true, config, predictions);
        PlannedSplit valid = new PlannedSplit(DatasetFiles.VALID, false, config, predictions);
        FeatureCounts counts = new FeatureCounts(spark, train.rows(), dataset, frequencies);
        List<SharedHash> hashes = hashes(counts);
        folder.saveTables(hashes);
        return new RoutePlanner(spark, config, dataset, counts, folder.plan(), reporter)
                .plan(hashes, List.of(train, valid), worldSize);
    }

    /** Makes the predictions that hashes read of all rows of the run, and returns where they are; empty if none reads any. */
    private String predict(int worldSize) {
        if (sources.predictor().isEmpty()) {
            return "";
        }
        PredictionRun prediction = new PredictionRun(spark, sources.predictor().get(), folder.predictions(), reporter);
        prediction.predict(config, DatasetFiles.TRAIN, 0, worldSize);
        prediction.predict(config, DatasetFiles.VALID, config.train().evaluateSequences(), worldSize);
        return folder.predictions().toString();
    }

    /** Those of the model that the run begins with, where they still hold, and others built for this text. */
    private List<SharedHash> hashes(FeatureCounts counts) {
        start.ifPresent(model -> model.tell(config, kept, reporter));
        List<SharedHash> built = new HashBuilder(spark, config, counts, sources, reporter).build(layersOf(kept));
        return Stream.concat(kept.stream(), built.stream()).toList();
    }

    private static List<Integer> layersOf(List<SharedHash> hashes) {
        return hashes.stream().flatMap(shared -> shared.layers().stream()).toList();
    }

    /** Requires that each router can work on as many rows as a rank will have. */
    private void requireRows(int worldSize) {
        ModelConfig model = config.model();
        int rows = config.sequencesPerRank(worldSize) * model.contextLength();
        model.mixture().routers().forEach(router -> router.requireRows(rows, worldSize, model.numExperts()));
    }

    /** The run as the memory allows it: without room for copies, its steps wait for its checkpoints. */
    private RunConfig affordable(Routing routing, int worldSize, RankProcess process) {
        MemoryPlan memory = MemoryPlan.training(config, routing, worldSize, process);
        if (!config.train().copiesForCheckpoints()
                || MemoryCheck.fits(spark.sparkContext().conf(), memory, worldSize * request.runsAtOnce())) {
            return config;
        }
        reporter.note("checkpoints are written while the steps wait: a copy of them has no room in memory");
        return config.of(config.train().with(config.train().checkpoints().inForeground()));
    }

    private MemoryPlan size(RunConfig affordable, Routing routing, int worldSize, RankProcess process) {
        MemoryPlan memory = MemoryPlan.training(affordable, routing, worldSize, process);
        reporter.sized(config.model(), memory);
        FrozenTensors frozen = config.tuning().frozen();
        if (!frozen.patterns().isEmpty()) {
            reporter.note("frozen    %,d parameters: %s"
                    .formatted(frozen.parameters(config.model()), String.join(", ", frozen.patterns())));
        }
        return memory;
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

    private SortedMap<String, String> digests(Routing routing) {
        SortedMap<String, String> digests = resumed.map(ResumedRun::digests).orElseGet(TreeMap::new);
        digests.put("tokenizer", dataset.tokenizerDigest());
        digests.put("dataset", dataset.digest());
        start.ifPresent(model -> digests.put("from", model.digest()));
        sources.predictor()
                .ifPresent(model ->
                        digests.put(PredictionRun.PREDICTOR, model.manifest().digest()));
        List<PlannedHash> hashes = routing.hashes();
        for (int number = 0; number < hashes.size(); number++) {
            digests.put("hash-" + number, hashes.get(number).hash().digest());
            digests.put("plan-" + number, hashes.get(number).plan().digest());
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
                result.meanDropped(),
                dataset.tokenizerDigest(),
                dataset.digest(),
                digests.getOrDefault("hash-0", "none"),
                0,
                worldSize,
                skippedNumbers());
    }
}
