package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ExchangedRows;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans the traffic of a run from its token ids alone: a Spark job counts, step by step, how many rows every rank will send to
 * every expert; an {@link ExpertPartitioner} brings the counts of a rank's experts together, and its partition writes them.
 *
 * <p>Work and records are chunks of steps, so memory does not grow with the length of the run.
 */
final class PlanJob {
    private static final Logger log = LoggerFactory.getLogger(PlanJob.class);

    /** Counts that a task holds at once: 8 MiB. */
    private static final int CHUNK_COUNTS = 1 << 21;
    /** Tasks for each slot, so that slow ones even out. */
    private static final int TASKS_PER_SLOT = 3;
    /** Round trips of a row in each sparse layer: to its expert and back, and in training its gradient too. */
    private static final int EVALUATION_TRIPS = 1;

    private static final int TRAINING_TRIPS = 2;

    private final JavaSparkContext spark;
    private final RunConfig config;
    private final DatasetManifest dataset;
    private final ExpertHash hash;
    private final ExpertPlacement placement;
    private final int layers;
    private final Folder planFolder;

    /**
     * @param placement of the units of the hash on the ranks of the run
     * @param layers that route by the hash
     * @param planFolder where the plan goes
     */
    PlanJob(
            SparkSession spark,
            RunConfig config,
            DatasetManifest dataset,
            ExpertHash hash,
            ExpertPlacement placement,
            int layers,
            Folder planFolder) {
        this.spark = JavaSparkContext.fromSparkContext(spark.sparkContext());
        this.config = config;
        this.dataset = dataset;
        this.hash = hash;
        this.placement = placement;
        this.layers = layers;
        this.planFolder = planFolder;
    }

    /**
     * Plans these splits, or returns the plan that lies in the folder already if it was made of the same inputs.
     *
     * @throws TrainingException of kind {@code DATA} if tokens cannot be read; {@code RESOURCES} if the plan cannot be
     *     written
     */
    RunPlan run(List<PlannedSplit> splits) {
        String inputs = inputs(splits);
        try {
            Optional<RunPlan> present = present().filter(plan -> plan.inputs().equals(inputs));
            if (present.isPresent()) {
                return present.get();
            }
            planFolder.delete();
            SortedMap<String, SplitTraffic> traffic = new TreeMap<>();
            for (PlannedSplit split : splits) {
                traffic.put(split.name(), count(split));
            }
            RunPlan plan = new RunPlan(
                    RunPlan.FORMAT_VERSION,
                    inputs,
                    placement.worldSize(),
                    config.train().microBatchSequences(),
                    config.model().contextLength(),
                    digests(),
                    traffic);
            plan.write(planFolder);
            return plan;
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the plan %s cannot be written: %s; make room or check the rights of the run's folder"
                            .formatted(planFolder, e.getMessage()),
                    e);
        }
    }

    /** The plan in the folder, if there is one that can be read; a damaged one can always be made anew. */
    private Optional<RunPlan> present() throws IOException {
        if (!RunPlan.exists(planFolder)) {
            return Optional.empty();
        }
        try {
            return Optional.of(RunPlan.read(planFolder));
        } catch (TrainingException e) {
            log.warn("{}; the run is planned anew", e.getMessage());
            return Optional.empty();
        }
    }

    private SplitTraffic count(PlannedSplit split) {
        BatchSchedule schedule = schedule(split);
        long steps = split.steps(schedule);
        int worldSize = placement.worldSize();
        int tasks = Math.max(1, TASKS_PER_SLOT * spark.defaultParallelism());
        int chunkSteps = chunkSteps(steps, tasks, worldSize * placement.numExperts());
        int chunks = Math.toIntExact((steps + chunkSteps - 1) / chunkSteps);
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
        CollectionAccumulator<ChunkTraffic> statistics = spark.sc().collectionAccumulator("traffic of " + split.name());
        String splitDir = RunPlan.splitFolder(planFolder, split.name()).toString();

        JavaPairRDD<TrafficKey, int[]> counts = spark.parallelize(
                        IntStream.range(0, chunks).boxed().toList(), Math.min(chunks, tasks))
                .flatMapToPair(new CountChunks(split, hash, placement, chunkSteps, hadoop, statistics));
        List<int[]> peaks = SparkJob.run(
                spark.sc(),
                "counting the traffic of split " + split.name(),
                () -> counts.repartitionAndSortWithinPartitions(new ExpertPartitioner(placement))
                        .mapPartitionsWithIndex(
                                new WriteReceives(splitDir, placement, steps, chunkSteps, rowsPerRank(), hadoop), true)
                        .collect());
        long rowsPerStep = (long) rowsPerRank() * worldSize;
        return new TrafficSummary(placement, peaks, statistics.value())
                .of(schedule.digest(), steps, rowsPerStep, bytesPerRow(split));
    }

    /** As many steps as fit a task's memory, but so few that all tasks get some. */
    static int chunkSteps(long steps, int tasks, int countsPerStep) {
        long fitting = Math.max(1, CHUNK_COUNTS / countsPerStep);
        long even = (steps + tasks - 1) / tasks;
        return (int) Math.max(1, Math.min(fitting, even));
    }

    private BatchSchedule schedule(PlannedSplit split) {
        return split.schedule(dataset.split(split.name()).rows(config.model().contextLength()));
    }

    /** Bytes that cross the network in a step for each row that leaves its rank. */
    private long bytesPerRow(PlannedSplit split) {
        long trips = split.training() ? TRAINING_TRIPS : EVALUATION_TRIPS;
        return trips * layers * floatsPerTrip() * Float.BYTES;
    }

    /** Floats that a row takes to its unit and back. */
    private long floatsPerTrip() {
        return ExchangedRows.of(config.model(), hash.unitsPerExpert()).roundTrip();
    }

    /** Rows that one rank sends in a step: its tokens times the experts of each. */
    private int rowsPerRank() {
        return Math.multiplyExact(
                config.sequencesPerRank(placement.worldSize()),
                Math.multiplyExact(config.model().contextLength(), hash.choices()));
    }

    private SortedMap<String, String> digests() {
        return new TreeMap<>(
                Map.of("dataset", dataset.digest(), "table", hash.digest(), "placement", placement.digest()));
    }

    private PredictionManifest predictions(PlannedSplit split) {
        return PredictionManifest.read(spark.hadoopConfiguration(), split.predictionsDir(), split.name());
    }

    /** Names all that the counts, and what is said of them, depend on. */
    private String inputs(List<PlannedSplit> splits) {
        ModelConfig model = config.model();
        StringBuilder inputs = new StringBuilder("version " + RunPlan.FORMAT_VERSION)
                .append(digests())
                .append(" length ")
                .append(model.contextLength())
                .append(" floats ")
                .append(floatsPerTrip())
                .append(" sparse ")
                .append(layers);
        for (PlannedSplit split : splits) {
            BatchSchedule schedule = schedule(split);
            inputs.append('\n').append(split.name()).append(' ').append(schedule.digest());
            inputs.append(' ').append(split.steps(schedule));
            if (hash.needsPrediction()) {
                inputs.append(' ').append(predictions(split).digest());
            }
        }
        return Sha256.of(inputs.toString().getBytes(StandardCharsets.UTF_8));
    }
}
