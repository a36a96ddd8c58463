package io.hashlayers.worker.train;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.RowReader;
import io.hashlayers.worker.data.RowSource;
import java.util.List;

/**
 * Reads a rank's rows of each batch and lays out their exchange from the token ids alone.
 *
 * <p>Rank {@code r} of {@code W} has the sequences {@code [r b / W, (r + 1) b / W)} of a batch of {@code b}, so the batch is the
 * same for any number of ranks. In training a batch is a micro-batch of a step. Used by one thread at a time.
 */
final class StepReader implements AutoCloseable {
    private final RowReader rows;
    private final BatchSchedule schedule;
    private final int rank;
    private final int sequences;
    private final List<PlannedRoute> routes; // one for each hash

    private StepReader(RankContext context, String split, RowReader rows, BatchSchedule schedule) {
        Collective collective = context.collective();
        this.rows = rows;
        this.schedule = schedule;
        this.rank = collective.rank();
        this.sequences = context.config().sequencesPerRank(collective.worldSize());
        int tokens = sequences * rows.sequenceLength();
        this.routes = context.routing().hashes().stream()
                .map(hash -> new PlannedRoute(
                        hash, hash.plan().receiveCounts(context.hadoop(), hash.planDir(), split, rank), rank, tokens))
                .toList();
    }

    /** Reads the micro-batches of training, in the seeded order of each epoch. */
    static StepReader training(RankContext context) {
        RowReader rows = open(context, DatasetFiles.TRAIN);
        return new StepReader(
                context, DatasetFiles.TRAIN, rows, context.config().trainingSchedule(rows.rows()));
    }

    /** Reads the sequences that an evaluation of {@code split} uses, in their order, once. */
    static StepReader evaluation(RankContext context, String split) {
        RowReader rows = open(context, split);
        return new StepReader(context, split, rows, context.config().evaluationSchedule(rows.rows()));
    }

    private static RowReader open(RankContext context, String split) {
        RunConfig config = context.config();
        return RowReader.open(
                context.hadoop(),
                new RowSource(
                        config.datasetDir(),
                        split,
                        config.model().contextLength(),
                        context.routing().predictionsDir()));
    }

    /** Batches of one pass; only for an evaluation. */
    long steps() {
        return schedule.steps();
    }

    /** Makes an input of the right size, to be filled by {@link #read}. */
    StepInput allocate() {
        return new StepInput(
                rows.allocate(sequences),
                routes.stream().map(PlannedRoute::allocate).toList());
    }

    /** Fills {@code input} with this rank's part of a batch, counted from 0. */
    void read(long step, StepInput input) {
        for (int i = 0; i < sequences; i++) {
            rows.read(schedule.row(step, rank * sequences + i), input.batch(), i);
        }
        for (int hash = 0; hash < routes.size(); hash++) {
            routes.get(hash).fill(step, input.batch(), input.plans().get(hash));
        }
    }

    @Override
    public void close() {
        routes.forEach(PlannedRoute::close);
        rows.close();
    }
}
