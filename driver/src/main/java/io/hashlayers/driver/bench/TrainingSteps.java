package io.hashlayers.driver.bench;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.router.PlannedRouter;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.ExchangedRows;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Routers;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The training steps of one rank on drawn tokens: the same model, exchange and optimizer as a run has. */
final class TrainingSteps {
    static final String DRAW = "draw tokens, fill plan";

    private final RunConfig config;
    private final Collective collective;
    private final ExpertHash hash;
    private final ZipfTokens zipf;
    private final List<Router> routers;
    private final ShufflePlan plan;
    private final LanguageModel network;
    private final Optimizer optimizer;
    private final int[][] tokens; // of every rank, since there is no plan of the run to tell what they send
    private final TokenRows[] batches; // what a hash may read of them
    private final int[] targets;
    private final int[][] experts;
    private final int[][] receives;
    private final int[] mine;
    private final float gradientScale;
    private final double[] more = new double[0];
    private final double denseBytes; // that must leave this rank in every step
    private double leastBytes;
    private @Nullable OperationTimes times;

    TrainingSteps(
            RunConfig config,
            Collective collective,
            Kernels kernels,
            ExpertHash hash,
            ExpertPlacement placement,
            ZipfTokens zipf) {
        ModelConfig model = config.model();
        int ranks = collective.worldSize();
        int rows = config.sequencesPerRank(ranks) * model.contextLength();
        int k = hash.choices();
        ExpertPlacement units = placement.ofUnits(hash.unitsPerExpert());
        this.config = config;
        this.collective = collective;
        this.hash = hash;
        this.zipf = zipf;
        this.mine = units.expertsOf(collective.rank());
        this.tokens = new int[ranks][rows];
        this.batches = Arrays.stream(tokens)
                .map(own -> new TokenRows(own, new int[0], new int[0], model.vocabularySize(), model.contextLength()))
                .toArray(TokenRows[]::new);
        this.targets = new int[rows];
        this.experts = new int[ranks][rows * k];
        this.receives = new int[ranks][mine.length];
        this.gradientScale = 1f / ((float) rows * ranks * config.train().accumulateBatches());
        int capacity = rows * k * ranks; // without a plan, every row may come here
        this.plan = new ShufflePlan(units, collective.rank(), rows, k, capacity);
        this.denseBytes = 2.0 * (ranks - 1) / ranks * ParameterLayout.of(model).denseParameters() * Float.BYTES;
        Parameters parameters = Parameters.forTraining(model, layer -> placement.expertsOf(collective.rank()));
        parameters.initialize(config.train().seed());
        Activations activations = new Activations(rows, capacity, config.train().recomputeActivations());
        this.routers = Routers.create(
                parameters,
                kernels,
                collective,
                Collections.nCopies(model.sparseLayers().size(), placement),
                activations,
                config.train().seed());
        this.network = new LanguageModel(
                parameters,
                kernels,
                collective,
                routers,
                activations,
                config.train().seed());
        this.optimizer = new Optimizer(
                config.optimizer(), Integer.MAX_VALUE, parameters.dense(), parameters.experts(), kernels, collective);
    }

    /** Does one step and returns its nats on this rank. */
    double step(long step) {
        double nats = 0;
        leastBytes += denseBytes;
        int last = config.train().accumulateBatches() - 1;
        for (int microBatch = 0; microBatch <= last; microBatch++) {
            long start = System.nanoTime();
            draw(step, microBatch);
            if (times != null) {
                times.add(DRAW, targets.length, 1, 0, 0, 0, System.nanoTime() - start);
            }
            nats += network.forwardBackward(
                    step,
                    microBatch,
                    tokens[collective.rank()],
                    targets,
                    gradientScale,
                    microBatch == last ? optimizer.gradientsReady() : GradientsReady.NOBODY);
        }
        optimizer.update(step, optimizer.reduceGradients(more));
        return nats;
    }

    /** Notes from now on how long the drawing of batches takes, which a run prepares beside its steps; null notes no more. */
    void noteIn(@Nullable OperationTimes chosen) {
        times = chosen;
    }

    /** Bytes that this rank has sent to others so far. */
    long sentBytes() {
        return collective.sentBytes();
    }

    /**
     * Bytes that had to leave this rank in all steps so far: {@code (W - 1) / W} of the dense gradients and as much of the new
     * values (no all-reduce sends less: Patarasuk and Yuan 2009), and each row to each of its experts elsewhere and the answer back,
     * forward and backward, or all that {@link ExchangedRows} tells of segments. Not a number where a router learns: nobody knows ahead how many rows must leave.
     */
    double leastBytes() {
        return config.model().mixture().routers().stream().allMatch(RouterConfig::planned) ? leastBytes : Double.NaN;
    }

    private void draw(long step, int microBatch) {
        long batch = step * config.train().accumulateBatches() + microBatch;
        int k = hash.choices();
        for (int rank = 0; rank < tokens.length; rank++) {
            zipf.draw(new SplittableRandom(config.train().seed() ^ (batch * tokens.length + rank)), tokens[rank]);
            hash.expertsOf(batches[rank], batches[rank].rows(), experts[rank]);
            for (int i = 0; i < mine.length; i++) {
                receives[rank][i] = 0;
                for (int choice = 0; choice < tokens[rank].length * k; choice++) {
                    receives[rank][i] += experts[rank][choice] == mine[i] ? 1 : 0;
                }
            }
        }
        countBytes();
        int[] own = tokens[collective.rank()];
        System.arraycopy(own, 1, targets, 0, own.length - 1);
        targets[own.length - 1] = own[0];
        plan.fill(experts[collective.rank()], receives);
        for (Router router : routers) {
            if (router instanceof PlannedRouter planned) {
                planned.follow(plan);
            }
        }
    }

    /**
     * Counts the bytes that must leave. Of a row for an expert elsewhere this rank sends the way there, and in the backward pass the
     * gradients of the way back; of a row that comes from elsewhere it sends the other two.
     */
    private void countBytes() {
        long stay = IntStream.of(receives[collective.rank()]).sum();
        long come = 0;
        for (int[] rows : receives) {
            come += IntStream.of(rows).sum();
        }
        long leave = experts[collective.rank()].length - stay + (come - stay);
        ModelConfig model = config.model();
        leastBytes += (double) leave
                * ExchangedRows.of(model, hash.unitsPerExpert()).roundTrip()
                * Float.BYTES
                * model.sparseLayers().size();
    }
}
