package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.PredictedRows;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Lets a trained model predict the tokens of a split, in a gang of its own, for hashes that read predictions. It has ended before
 * the run that reads them takes any memory.
 */
final class PredictionRun {
    /** Name under which checkpoints keep the digest of the model that predicts for them. */
    static final String PREDICTOR = "predictor";

    private static final String PLANS = "plan"; // in the folder of the reader, as others may read the same model

    private final SparkSession spark;
    private final Configuration hadoop;
    private final TrainedModel model;
    private final Folder folder;
    private final RunReporter reporter;

    /**
     * @param model that predicts
     * @param folder where predictions go, a folder for each split
     */
    PredictionRun(SparkSession spark, TrainedModel model, Folder folder, RunReporter reporter) {
        this.spark = spark;
        this.hadoop = spark.sparkContext().hadoopConfiguration();
        this.model = model;
        this.folder = folder;
        this.reporter = reporter;
    }

    /**
     * Finds the model that predicted when another was trained.
     *
     * @param runDir of the model that was trained
     * @param trained its checkpoint
     * @throws TrainingException of kind {@code DATA} if it is not there any more, or has changed
     */
    static TrainedModel predictorOf(Configuration hadoop, String runDir, CheckpointManifest trained) {
        String predictions =
                Folder.of(hadoop, runDir).folder(PredictionManifest.FOLDER).toString();
        PredictionManifest made = PredictionManifest.read(hadoop, predictions, DatasetFiles.TRAIN);
        String what =
                "the model in %s routes by what step %d of %s predicts".formatted(runDir, made.step(), made.runDir());
        TrainedModel found;
        try {
            found = TrainedModel.open(hadoop, made.runDir(), OptionalLong.of(made.step()));
        } catch (TrainingException e) {
            throw new TrainingException(Failure.DATA, what + ", which is not there any more: " + e.getMessage(), e);
        }
        String expected = trained.digests().getOrDefault(PREDICTOR, "");
        if (!found.manifest().digest().equals(expected)) {
            throw new TrainingException(
                    Failure.DATA,
                    "%s, but that checkpoint has the digest %s where %s was; restore it"
                            .formatted(what, found.manifest().digest(), expected));
        }
        return found;
    }

    /**
     * Predicts the first sequences of a split, or uses the predictions that are there already if they are the same.
     *
     * @param reader the run that will read them
     * @param sequences 0 for all
     * @param ranks those of the reader
     * @throws TrainingException the first real failure
     */
    void predict(RunConfig reader, String split, long sequences, int ranks) {
        DatasetManifest dataset = DatasetManifest.read(hadoop, new Path(reader.datasetDir()));
        try {
            if (present(reader, dataset, split, sequences)) {
                return;
            }
            reporter.note("predicting the tokens of split " + split + " by " + model);
            folder.delete(split);
            make(reader, dataset, split, sequences, ranks).write(folder);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the predictions %s cannot be written: %s; make room or check the rights of the run's folder"
                            .formatted(folder, e.getMessage()),
                    e);
        }
    }

    private PredictionManifest make(
            RunConfig reader, DatasetManifest dataset, String split, long sequences, int ranks) {
        TrainConfig train = reader.train();
        EvaluationRequest request = new EvaluationRequest(
                model.runDir(),
                OptionalLong.of(model.step()),
                reader.datasetDir(),
                split,
                train.batchSequences(),
                train.accumulateBatches(),
                ranks,
                reader.kernels(),
                train.timeoutSeconds());
        SavedModelStage stage = new SavedModelStage(
                spark, request, sequences, UnaryOperator.identity(), folder.folder(PLANS), new SilentReporter());
        PredictionProgram.Result result = stage.run(
                (config, routing) -> new PredictionProgram(config, routing, model.step(), split, folder.toString()),
                PredictionProgram.Result.class);
        return new PredictionManifest(
                PredictionManifest.FORMAT_VERSION,
                split,
                model.runDir(),
                model.step(),
                model.manifest().digest(),
                dataset.digest(),
                dataset.vocabularySize(),
                reader.model().contextLength(),
                rows(reader, dataset, split, sequences),
                train.microBatchSequences(),
                result.shards());
    }

    private boolean present(RunConfig reader, DatasetManifest dataset, String split, long sequences)
            throws IOException {
        if (!PredictionManifest.exists(folder, split)) {
            return false;
        }
        PredictionManifest made = PredictionManifest.read(hadoop, folder.toString(), split);
        boolean same = made.checkpointDigest().equals(model.manifest().digest())
                && made.datasetDigest().equals(dataset.digest())
                && made.sequenceLength() == reader.model().contextLength()
                && made.rows() == rows(reader, dataset, split, sequences);
        if (same) {
            try (PredictedRows rows = PredictedRows.open(
                    hadoop, folder.toString(), dataset, split, reader.model().contextLength())) {
                rows.verify();
            }
        }
        return same;
    }

    private static long rows(RunConfig reader, DatasetManifest dataset, String split, long sequences) {
        long all = dataset.split(split).rows(reader.model().contextLength());
        return sequences == 0 ? all : Math.min(all, sequences);
    }
}
