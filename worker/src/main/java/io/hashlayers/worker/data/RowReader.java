package io.hashlayers.worker.data;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenRows;
import java.io.IOException;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/** Reads what a hash may read of the rows of a split: tokens, targets and, where there are some, predictions. Not thread-safe. */
public final class RowReader implements AutoCloseable {
    private final RowSource source;
    private final TokenDataset dataset;
    private final @Nullable PredictedRows predictions;

    private RowReader(RowSource source, TokenDataset dataset, @Nullable PredictedRows predictions) {
        this.source = source;
        this.dataset = dataset;
        this.predictions = predictions;
    }

    /**
     * Opens the files.
     *
     * @throws TrainingException of kind {@code DATA} if a file is not what its manifest says
     */
    public static RowReader open(Configuration hadoop, RowSource source) {
        int length = source.sequenceLength();
        TokenDataset dataset = TokenDataset.open(hadoop, source.datasetDir(), source.split(), length);
        if (source.predictionsDir().isEmpty()) {
            return new RowReader(source, dataset, null);
        }
        return new RowReader(
                source,
                dataset,
                PredictedRows.open(hadoop, source.predictionsDir(), dataset.manifest(), source.split(), length));
    }

    /** Rows of the split. */
    public long rows() {
        return dataset.rows();
    }

    /** {@code S}. */
    public int sequenceLength() {
        return source.sequenceLength();
    }

    /** Makes room for so many rows. */
    public TokenRows allocate(int rows) {
        int tokens = Math.multiplyExact(rows, sequenceLength());
        return new TokenRows(
                new int[tokens],
                new int[tokens],
                new int[predictions == null ? 0 : tokens],
                dataset.manifest().vocabularySize(),
                sequenceLength());
    }

    /**
     * Reads a row. Allocates nothing.
     *
     * @param row in {@code [0, rows())}, or {@link BatchSchedule#PADDING}: end-of-text tokens without targets
     * @param index of the row in {@code into}
     * @throws TrainingException of kind {@code DATA} that names the file if it cannot be read or is damaged
     */
    public void read(long row, TokenRows into, int index) {
        int from = index * sequenceLength();
        if (row != BatchSchedule.PADDING) {
            dataset.readRow(row, into.tokens(), into.targets(), from);
            if (predictions != null) {
                predictions.readRow(row, into.predicted(), from);
            }
            return;
        }
        int to = from + sequenceLength();
        Arrays.fill(into.tokens(), from, to, dataset.manifest().endOfText());
        Arrays.fill(into.targets(), from, to, -1);
        if (predictions != null) {
            Arrays.fill(into.predicted(), from, to, dataset.manifest().endOfText());
        }
    }

    @Override
    public void close() {
        try {
            dataset.close();
            if (predictions != null) {
                predictions.close();
            }
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA,
                    source.datasetDir() + " cannot be closed: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }
}
