package io.hashlayers.worker.data;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The predictions for the rows of one split, read by position like those rows. Not thread-safe. */
public final class PredictedRows implements Closeable {
    private final PredictionManifest manifest;
    private final TokenShards shards;
    private final int rowsOfBatch; // of one shard

    private PredictedRows(PredictionManifest manifest, TokenShards shards) {
        this.manifest = manifest;
        this.shards = shards;
        this.rowsOfBatch = manifest.batchRows() / manifest.shards().size();
    }

    /**
     * Opens the predictions for a split and checks that they are whole and of these rows; {@link #verify} checks the contents
     * too.
     *
     * @param predictionsDir folder of predictions, any Hadoop path
     * @param dataset whose split it is
     * @param sequenceLength {@code S}
     * @throws TrainingException of kind {@code DATA} if they are not
     */
    public static PredictedRows open(
            Configuration hadoop, String predictionsDir, DatasetManifest dataset, String split, int sequenceLength) {
        PredictionManifest manifest = PredictionManifest.read(hadoop, predictionsDir, split);
        String remedy = "delete " + predictionsDir + " and start again";
        if (!manifest.datasetDigest().equals(dataset.digest()) || manifest.sequenceLength() != sequenceLength) {
            throw new TrainingException(
                    Failure.DATA,
                    "the predictions in %s are for sequences of %d tokens of the dataset %s, not of %d of %s; %s"
                            .formatted(
                                    predictionsDir,
                                    manifest.sequenceLength(),
                                    manifest.datasetDigest(),
                                    sequenceLength,
                                    dataset.digest(),
                                    remedy));
        }
        Path dir = new Path(predictionsDir);
        try {
            TokenShards shards = new TokenShards(
                    DatasetFiles.fileSystem(hadoop, dir),
                    dir,
                    manifest.shards(),
                    manifest.vocabularySize(),
                    sequenceLength,
                    remedy);
            shards.requireLengths();
            return new PredictedRows(manifest, shards);
        } catch (IOException e) {
            throw TokenShards.unreadable(dir, e);
        }
    }

    /** Rows that were predicted, from the first of the split on. */
    public long rows() {
        return manifest.rows();
    }

    /**
     * Reads the predictions for one row.
     *
     * @param row in {@code [0, rows())}
     * @param predicted receives {@code S} tokens from {@code offset} on
     * @throws TrainingException of kind {@code DATA} that names the file if it cannot be read or holds an id outside the
     *     vocabulary
     */
    public void readRow(long row, int[] predicted, int offset) {
        Objects.checkIndex(row, rows());
        int length = manifest.sequenceLength();
        Objects.checkFromIndexSize(offset, length, predicted.length);
        int shard = (int) (row % manifest.batchRows()) / rowsOfBatch;
        long rowOfShard = row / manifest.batchRows() * rowsOfBatch + row % rowsOfBatch;
        shards.fetch(shards.start(shard) + rowOfShard * length, length);
        for (int i = 0; i < length; i++) {
            predicted[offset + i] = shards.token(i);
        }
    }

    /**
     * Reads all files whole and compares their checksums.
     *
     * @throws TrainingException of kind {@code DATA} that names the first that is damaged
     */
    public void verify() {
        shards.verify();
    }

    @Override
    public void close() throws IOException {
        shards.close();
    }
}
