package io.hashlayers.worker.data;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.JsonManifest;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * What a trained model predicts to follow each position of the first rows of a split: {@code SPLIT/manifest.json} of a folder of
 * predictions, written last, and token files beside it.
 *
 * <p>A file was written by one of the ranks that shared each batch of rows, so it holds that rank's rows of each batch, batch
 * after batch; the last batch may have fewer.
 *
 * @param formatVersion {@link #FORMAT_VERSION}
 * @param split name of the split
 * @param runDir folder of the run that trained the model
 * @param step of its checkpoint
 * @param checkpointDigest of that checkpoint
 * @param datasetDigest of the dataset
 * @param vocabularySize {@code V}
 * @param sequenceLength {@code S}
 * @param rows that were predicted, from the first on
 * @param batchRows rows of a batch
 * @param shards one for each rank, named relative to the folder of predictions
 */
public record PredictionManifest(
        int formatVersion,
        String split,
        String runDir,
        long step,
        String checkpointDigest,
        String datasetDigest,
        int vocabularySize,
        int sequenceLength,
        long rows,
        int batchRows,
        List<SplitInfo.Shard> shards) {
    public static final int FORMAT_VERSION = 1;

    /** Name of the folder of predictions in the folder of a run. */
    public static final String FOLDER = "predictions";

    private static final String NAME = "manifest.json";
    private static final JsonManifest<PredictionManifest> FILE =
            new JsonManifest<>(PredictionManifest.class, FORMAT_VERSION, "manifest of predictions");

    public PredictionManifest {
        shards = List.copyOf(shards);
        if (vocabularySize < 1 || sequenceLength < 1 || rows < 0 || shards.isEmpty()) {
            throw new IllegalArgumentException("%d rows of %d tokens of a vocabulary of %d in %d files"
                    .formatted(rows, sequenceLength, vocabularySize, shards.size()));
        }
        if (batchRows < 1 || batchRows % shards.size() != 0) {
            throw new IllegalArgumentException(
                    shards.size() + " files cannot share batches of " + batchRows + " rows evenly");
        }
        for (int shard = 0; shard < shards.size(); shard++) {
            long expected = rowsOf(shard, shards.size(), rows, batchRows) * sequenceLength;
            if (shards.get(shard).tokens() != expected) {
                throw new IllegalArgumentException("%s has %d tokens where its rows have %d"
                        .formatted(shards.get(shard).file(), shards.get(shard).tokens(), expected));
            }
        }
    }

    private static long rowsOf(int shard, int shards, long rows, int batchRows) {
        int ofBatch = batchRows / shards;
        long ofLast = rows % batchRows - (long) shard * ofBatch;
        return rows / batchRows * ofBatch + Math.max(0, Math.min(ofBatch, ofLast));
    }

    /** Whether a folder holds whole predictions of a split. */
    public static boolean exists(Folder predictions, String split) throws IOException {
        return predictions.folder(split).exists(NAME);
    }

    /**
     * Reads the manifest of a split.
     *
     * @param predictionsDir folder of predictions, any Hadoop path
     * @throws TrainingException of kind {@code DATA} if it is missing or damaged
     */
    public static PredictionManifest read(Configuration hadoop, String predictionsDir, String split) {
        return FILE.read(Folder.of(hadoop, predictionsDir).folder(split), NAME);
    }

    /** Writes it, when its files are whole. */
    public void write(Folder predictions) throws IOException {
        FILE.write(predictions.folder(split), NAME, this);
    }

    /** Names all that was predicted, and by which model. */
    public String digest() {
        return FILE.digest(this);
    }
}
