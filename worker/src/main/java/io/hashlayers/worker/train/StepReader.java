package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.TokenDataset;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

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
    private final List<PlannedRoute> routes; // one for each hash

    private StepReader(RankContext context, String split, TokenDataset dataset, BatchSchedule schedule) {
        Collective collective = context.collective();
        this.dataset = dataset;
        this.schedule = schedule;
        this.padding = dataset.manifest().endOfText();
        this.rank = collective.rank();
        this.sequences = context.config().sequencesPerRank(collective.worldSize());
        int rows = sequences * dataset.sequenceLength();
        this.routes = context.routing().hashes().stream()
                .map(hash -> new PlannedRoute(
                        hash, hash.plan().receiveCounts(context.hadoop(), hash.planDir(), split, rank), rank, rows))
                .toList();
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
        return new StepInput(batch, routes.stream().map(PlannedRoute::allocate).toList());
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
        for (int hash = 0; hash < routes.size(); hash++) {
            routes.get(hash).fill(step, input.batch(), input.plans().get(hash));
        }
    }

    @Override
    public void close() {
        routes.forEach(PlannedRoute::close);
        try {
            dataset.close();
        } catch (IOException e) {
            throw new TrainingException(Failure.DATA, "the dataset cannot be closed: " + e.getMessage(), e);
        }
    }
}
