package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.plan.ReceiveCounts;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a rank's rows of each batch and lays out their exchange from the token ids alone.
 *
 * <p>Rank {@code r} of {@code W} has the sequences {@code [r b / W, (r + 1) b / W)} of a batch of {@code b}, so the batch is the
 * same for any number of ranks. In training a batch is a micro-batch of a step. Used by one thread at a time.
 */
final class StepReader implements AutoCloseable {
    private final TokenDataset dataset;
    private final BatchSchedule schedule;
    private final int padding;
    private final int rank;
    private final int sequences;
    private final @Nullable PlannedRoutes routes;

    /** The planned exchange of each batch. */
    private static final class PlannedRoutes {
        final Routing routing;
        final ReceiveCounts counts;
        final int[] experts; // of each row and choice, [R k]
        final int[][] receives; // rows from each rank for each expert of this one

        PlannedRoutes(Routing routing, ReceiveCounts counts, int rank, int rows) {
            this.routing = routing;
            this.counts = counts;
            this.experts = new int[rows * routing.hash().table().expertsPerToken()];
            int localExperts = routing.placement().expertsOf(rank).length;
            this.receives = new int[routing.placement().worldSize()][localExperts];
        }
    }

    private StepReader(RankContext context, String split, TokenDataset dataset, BatchSchedule schedule) {
        Collective collective = context.collective();
        this.dataset = dataset;
        this.schedule = schedule;
        this.padding = dataset.manifest().endOfText();
        this.rank = collective.rank();
        this.sequences = context.config().sequencesPerRank(collective.worldSize());
        Routing routing = context.routing();
        this.routes = routing == null
                ? null
                : new PlannedRoutes(
                        routing,
                        routing.plan().receiveCounts(context.hadoop(), routing.planDir(), split, rank),
                        rank,
                        sequences * dataset.sequenceLength());
    }

    /** Reads the micro-batches of training, in the seeded order of each epoch. */
    static StepReader training(RankContext context) {
        TokenDataset dataset = open(context, DatasetFiles.TRAIN);
        return new StepReader(
                context, DatasetFiles.TRAIN, dataset, context.config().trainingSchedule(dataset.rows()));
    }

    /** Reads the sequences that an evaluation of {@code split} uses, in their order, once. */
    static StepReader evaluation(RankContext context, String split) {
        TokenDataset dataset = open(context, split);
        return new StepReader(context, split, dataset, context.config().evaluationSchedule(dataset.rows()));
    }

    private static TokenDataset open(RankContext context, String split) {
        RunConfig config = context.config();
        return TokenDataset.open(
                context.hadoop(), config.datasetDir(), split, config.model().contextLength());
    }

    /** Batches of one pass; only for an evaluation. */
    long steps() {
        return schedule.steps();
    }

    /** Makes an input of the right size, to be filled by {@link #read}. */
    StepInput allocate() {
        int rows = sequences * dataset.sequenceLength();
        TokenRows batch = new TokenRows(
                new int[rows],
                new int[rows],
                new int[0],
                dataset.manifest().vocabularySize(),
                dataset.sequenceLength());
        return new StepInput(batch, routes == null ? null : emptyPlan(routes, rows));
    }

    private ShufflePlan emptyPlan(PlannedRoutes routes, int rows) {
        return new ShufflePlan(
                routes.routing.placement(),
                rank,
                rows,
                routes.routing.hash().table().expertsPerToken(),
                routes.counts.peakRows());
    }

    /** Fills {@code input} with this rank's part of a batch, counted from 0. */
    void read(long step, StepInput input) {
        int length = dataset.sequenceLength();
        for (int i = 0; i < sequences; i++) {
            long row = schedule.row(step, rank * sequences + i);
            if (row == BatchSchedule.PADDING) {
                Arrays.fill(input.tokens(), i * length, (i + 1) * length, padding);
                Arrays.fill(input.targets(), i * length, (i + 1) * length, -1);
            } else {
                dataset.readRow(row, input.tokens(), input.targets(), i * length);
            }
        }
        ShufflePlan plan = input.plan();
        if (routes != null && plan != null) {
            TokenHash hash = routes.routing.hash();
            hash.expertsOf(input.batch(), input.batch().rows(), routes.experts);
            routes.counts.read(step, routes.receives);
            plan.fill(routes.experts, routes.receives);
        }
    }

    @Override
    public void close() {
        if (routes != null) {
            routes.counts.close();
        }
        try {
            dataset.close();
        } catch (IOException e) {
            throw new TrainingException(Failure.DATA, "the dataset cannot be closed: " + e.getMessage(), e);
        }
    }
}
