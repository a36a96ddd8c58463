package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.RunProgress;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RankActivity;
import io.hashlayers.worker.collective.RankActivity.Phase;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The training loop of one rank: batches, forward, backward, optimizer; now and then an evaluation and a checkpoint.
 *
 * <p>Every rank runs it with the same configuration. The loss of a step is the mean over all tokens of the global batch, so
 * it does not depend on the number of ranks but for float rounding.
 */
public final class RankLoop {
    private final RankContext context;
    private final TrainConfig train;
    private final Collective collective;
    private final RankActivity activity;
    private final RankModel model;
    private final Optimizer optimizer;
    private final Evaluation evaluation;
    private final CheckpointTensors tensors;
    private final RankCheckpoints checkpoints;
    private final long tokensPerStep;
    private final double[]
            sums; // of a step over all ranks: nats, statistics of sparse layers, ranks with a written part

    private final RoutingReport routing;
    private final DivergenceGuard guard;
    private final long[] skipped; // ascending

    private long trained; // steps that were done and not skipped
    private double trainingSeconds;
    private double maxVioSum;
    private double droppedSum;

    private RankLoop(RankContext context) {
        RunConfig config = context.config();
        this.context = context;
        this.train = config.train();
        this.collective = context.collective();
        this.activity = collective.activity();
        activity.begins(Phase.LOADING, context.finishedSteps());
        this.model = RankModel.forTraining(context);
        this.optimizer = new Optimizer(
                config.optimizer(),
                train.steps(),
                model.parameters().dense(),
                model.parameters().experts(),
                model.kernels(),
                collective);
        this.evaluation = Evaluation.repeated(context, model, DatasetFiles.VALID);
        this.tensors = CheckpointTensors.of(model.parameters(), optimizer);
        this.checkpoints = new RankCheckpoints(context, tensors);
        this.tokensPerStep = (long) train.batchSequences() * config.model().contextLength();
        this.sums = new double[1 + LanguageModel.statisticsSize(config.model()) + 1];
        this.routing = new RoutingReport(config.model(), train.accumulateBatches());
        this.guard = new DivergenceGuard(train.divergence().factor());
        this.skipped =
                context.skippedSteps().stream().mapToLong(Long::longValue).toArray();
        this.trained = context.finishedSteps()
                - Arrays.stream(skipped)
                        .filter(step -> step <= context.finishedSteps())
                        .count();
    }

    /**
     * Trains to the last step. Whoever runs it tells the others if this rank fails: {@link Collective#abort}.
     *
     * @throws TrainingException DIVERGED if a loss or a gradient norm is not finite, or a loss runs away; else what the collective, the data or the storage throw
     */
    public static RankResult run(RankContext context) {
        var loop = new RankLoop(context);
        if (context.finishedSteps() > 0) {
            loop.restore();
        } else if (context.config().tuning().continues()) {
            loop.tell(loop.evaluation.run(0)); // what there is to improve on
        }
        return loop.toTheLastStep();
    }

    /** Loads what the run was when its checkpoint was written, by whatever number of ranks. */
    private void restore() {
        OptionalLong step = OptionalLong.of(context.finishedSteps());
        String run = context.config().runDir();
        try (CheckpointReader saved = CheckpointReader.open(context.hadoop(), run, step)) {
            tensors.readFrom(saved);
            RunProgress progress = saved.manifest().progress();
            trainingSeconds = progress.trainingSeconds();
            maxVioSum = progress.maxVioSum();
            droppedSum = progress.droppedSum();
            routing.restore(progress.loads());
            guard.restore(progress.recentLosses());
        }
    }

    private RankResult toTheLastStep() {
        EvaluationMetrics validation = null;
        long finished = context.finishedSteps();
        long finishedMicroSteps = finished * train.accumulateBatches();
        Duration timeout = Duration.ofSeconds(train.timeoutSeconds());
        try (checkpoints;
                StepReader reader = StepReader.training(context);
                BatchPrefetcher batches =
                        new BatchPrefetcher(reader, finishedMicroSteps, train.microSteps(), timeout, activity)) {
            for (long step = finished + 1; step <= train.steps(); step++) {
                if (Arrays.binarySearch(skipped, step) < 0) {
                    step(step, batches);
                } else {
                    passOver(step, batches);
                }
                if (due(step, train.evaluateEvery())) {
                    validation = evaluate(step);
                }
                if (due(step, train.checkpoints().every())) {
                    checkpoint(step, validation);
                }
            }
        }
        if (validation == null) {
            validation = evaluate(train.steps()); // the last step was done before
        }
        return new RankResult(
                train.steps(),
                trained * tokensPerStep,
                trained == 0 ? 0 : trained * tokensPerStep / trainingSeconds,
                maxVioSum / Math.max(1, trained),
                droppedSum / Math.max(1, trained),
                validation,
                model.kernels().description());
    }

    /** A step without an update, whatever its batch holds. */
    private void passOver(long step, BatchPrefetcher batches) {
        activity.begins(Phase.TRAINING, step);
        for (int microBatch = 0; microBatch < train.accumulateBatches(); microBatch++) {
            batches.next();
        }
    }

    private void step(long step, BatchPrefetcher batches) {
        long start = System.nanoTime();
        activity.begins(Phase.TRAINING, step);
        Arrays.fill(sums, 0);
        int last = train.accumulateBatches() - 1;
        for (int microBatch = 0; microBatch <= last; microBatch++) {
            StepInput input = batches.next();
            GradientsReady ready = microBatch == last ? optimizer.gradientsReady() : GradientsReady.NOBODY;
            sums[0] += model.forwardBackward(step, microBatch, input, 1f / tokensPerStep, ready);
        }
        model.takeStatistics(sums, 1);
        sums[sums.length - 1] = checkpoints.ready() ? 1 : 0;
        double norm = optimizer.reduceGradients(sums);
        double loss = sums[0] / tokensPerStep;
        requireSound(step, loss, norm);
        optimizer.update(step, norm);
        trained++;
        long nanos = System.nanoTime() - start;

        if (sums[sums.length - 1] == collective.worldSize()) {
            checkpoints.allAreReady();
        }
        routing.read(sums, 1);
        double maxVio = routing.maxVio();
        trainingSeconds += nanos * 1e-9;
        maxVioSum += maxVio;
        droppedSum += routing.dropped();
        if (collective.rank() == 0) {
            context.listener()
                    .step(new StepMetrics(
                            step,
                            loss,
                            trained * tokensPerStep,
                            tokensPerStep / (nanos * 1e-9),
                            optimizer.learningRate(step),
                            norm,
                            maxVio,
                            routing.layers()));
        }
    }

    /** All ranks find alike whether a step diverges, so a checkpoint from before it that is still being written can be finished. */
    private void requireSound(long step, double loss, double norm) {
        try {
            guard.require(step, loss, norm);
        } catch (TrainingException diverged) {
            checkpoints.finishBehind(diverged);
            throw diverged;
        }
    }

    private EvaluationMetrics evaluate(long step) {
        return tell(evaluation.run(step).with(routing.takeLoads()));
    }

    private EvaluationMetrics tell(EvaluationMetrics metrics) {
        if (collective.rank() == 0) {
            context.listener().evaluation(metrics);
        }
        return metrics;
    }

    /**
     * @param validation of the newest evaluation, if there was one
     */
    private void checkpoint(long step, @Nullable EvaluationMetrics validation) {
        requireFiniteValues(step);
        double perplexity = validation != null && validation.step() == step ? validation.perplexity() : -1;
        CheckpointContent content = new CheckpointContent(
                step,
                context.config().model(),
                context.digests(),
                context.settings(),
                context.routing().sharedHashes(context.config().model()),
                new RunProgress(
                        trainingSeconds,
                        maxVioSum,
                        droppedSum,
                        Double.isFinite(perplexity) ? perplexity : -1,
                        routing.loads(),
                        guard.recent(),
                        context.skippedSteps()));
        activity.begins(Phase.SAVING, step);
        checkpoints.write(content);
    }

    /** Finite gradients may still lead to values that are not, which no checkpoint may hold. All ranks call it together. */
    private void requireFiniteValues(long step) {
        double[] squares = {0};
        model.parameters()
                .dense()
                .values()
                .forEach(values -> squares[0] += model.kernels().sumOfSquares(values));
        model.parameters()
                .experts()
                .values()
                .forEach(values -> squares[0] += model.kernels().sumOfSquares(values));
        collective.allReduce(squares);
        if (!Double.isFinite(squares[0])) {
            TrainingException diverged = new TrainingException(
                    Failure.DIVERGED,
                    "after step " + step + " there are values that are not finite; lower optimizer.learning-rate");
            checkpoints.finishBehind(diverged);
            throw diverged;
        }
    }

    private boolean due(long step, long every) {
        return step == train.steps() || (every > 0 && step % every == 0);
    }
}
