package io.hashlayers.dl4j;

import io.hashlayers.driver.job.SparkJob;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.optimizer.LearningRate;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;

/**
 * Deeplearning4j's {@link ParameterAveragingTrainingMaster}: every worker trains a copy of the network on its own minibatches
 * for some steps, then parameters and moments of Adam are averaged in the driver.
 *
 * <p>The master would split its data at random; it is given the data of one split at a time, so that rows and their order are
 * those of our own runs.
 */
final class AveragedTraining {
    private final JavaSparkContext context;
    private final RunConfig run;
    private final int workers;
    private final TokenBatches batches;
    private final LearningRate rate;
    private final ParameterAveragingTrainingMaster master;
    private final MultiLayerNetwork network;
    private final SparkDl4jMultiLayer training;
    private final CollectionAccumulator<WorkerStep> recorded;

    private long steps;
    private long nanos;

    /**
     * @param workers which divide the sequences of a batch
     * @param averagingFrequency steps between two averagings, at most
     */
    AveragedTraining(JavaSparkContext context, RunConfig run, int workers, int averagingFrequency) {
        int sequences = run.sequencesPerRank(workers);
        this.context = context;
        this.run = run;
        this.workers = workers;
        this.batches = new TokenBatches(context, run, workers);
        this.rate = new LearningRate(run.optimizer(), run.train().steps());
        this.master = new ParameterAveragingTrainingMaster.Builder(workers, sequences)
                .batchSizePerWorker(sequences)
                .averagingFrequency(averagingFrequency)
                .saveUpdater(true) // its documentation says that this is the default; it is not
                .repartionData(Repartition.Never)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .storageLevel(null)
                .build();
        this.network = DenseNetwork.forTraining(run);
        this.training = new SparkDl4jMultiLayer(context, network, master);
        this.recorded = context.sc().collectionAccumulator("steps of the workers");
        training.setListeners(List.of(new StepRecorder(recorded, run.model().contextLength())));
    }

    /** Steps done. */
    long steps() {
        return steps;
    }

    /** Tokens of all steps done by the time in which they were, averagings included. */
    double tokensPerSecond() {
        return steps * tokensPerStep() / (nanos * 1e-9);
    }

    /** The network as of the last averaging. */
    MultiLayerNetwork network() {
        return network;
    }

    /**
     * Trains for some steps and averages.
     *
     * @param count at most the averaging frequency
     * @return what each step did; its time is the mean of these steps
     * @throws TrainingException DIVERGED if a loss is not a number
     */
    List<StepMetrics> fit(int count) {
        recorded.reset();
        long start = System.nanoTime();
        SparkJob.run(context.sc(), "training", () -> training.fit(batches.training(steps, count)));
        long spent = System.nanoTime() - start;
        // The master counts a split as its whole averaging frequency, and schedules go by this count.
        network.getLayerWiseConfigurations().setIterationCount((int) (steps + count));
        steps += count;
        nanos += spent;
        return metrics(count, count * tokensPerStep() / (spent * 1e-9));
    }

    /** Sum of nats over the sequences of the validation. */
    double validationNats() {
        // The scorer broadcasts the parameters themselves, and Spark closes what can be closed when it drops a
        // broadcast.
        MultiLayerNetwork evaluated = DenseNetwork.forEvaluation(run, network.params());
        var scorer = new SparkDl4jMultiLayer(context, evaluated, master);
        return SparkJob.run(
                context.sc(),
                "the evaluation",
                () -> scorer.calculateScore(batches.validation(), false, run.sequencesPerRank(workers)));
    }

    private List<StepMetrics> metrics(int count, double tokensPerSecond) {
        Map<Long, List<WorkerStep>> byStep = recorded.value().stream()
                .collect(Collectors.groupingBy(WorkerStep::step, TreeMap::new, Collectors.toList()));
        if (byStep.size() != count || byStep.values().stream().anyMatch(of -> of.size() != workers)) {
            throw new TrainingException(
                    Failure.BUG,
                    "%d workers did %d steps, but %d measurements of %d steps came home; please report it"
                            .formatted(workers, count, recorded.value().size(), byStep.size()));
        }
        List<StepMetrics> metrics = new ArrayList<>();
        byStep.forEach((step, ofWorkers) -> metrics.add(metrics(step, ofWorkers, tokensPerSecond)));
        return metrics;
    }

    private StepMetrics metrics(long step, List<WorkerStep> ofWorkers, double tokensPerSecond) {
        double loss = mean(ofWorkers, WorkerStep::loss);
        if (!Double.isFinite(loss)) {
            throw new TrainingException(
                    Failure.DIVERGED,
                    "the loss of step " + step + " is " + loss
                            + "; lower optimizer.learning-rate, lengthen optimizer.warmup-steps or set optimizer.clip-norm");
        }
        return new StepMetrics(
                step,
                loss,
                step * tokensPerStep(),
                tokensPerSecond,
                rate.at(step),
                mean(ofWorkers, WorkerStep::gradientNorm),
                0,
                List.of());
    }

    private static double mean(List<WorkerStep> ofWorkers, ToDoubleFunction<WorkerStep> value) {
        return ofWorkers.stream().mapToDouble(value).average().orElseThrow();
    }

    private long tokensPerStep() {
        return (long) run.train().batchSequences() * run.model().contextLength();
    }
}
