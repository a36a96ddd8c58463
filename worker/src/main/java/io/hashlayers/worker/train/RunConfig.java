package io.hashlayers.worker.train;

import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;

/**
 * Everything that a training run is told.
 *
 * @param runDir folder of the run, any Hadoop path
 * @param datasetDir folder of the prepared dataset, any Hadoop path
 * @param kernels {@code auto}, {@code vector} or {@code nd4j}
 * @param tuning what it begins with, and what it does not train
 */
public record RunConfig(
        String runDir,
        String datasetDir,
        ModelConfig model,
        TableConfig table,
        OptimizerConfig optimizer,
        TrainConfig train,
        String kernels,
        TuningConfig tuning)
        implements Serializable {
    public RunConfig {
        table.requireFit(model.mixture());
    }

    /** A run that begins with random values and trains all of them. */
    public RunConfig(
            String runDir,
            String datasetDir,
            ModelConfig model,
            TableConfig table,
            OptimizerConfig optimizer,
            TrainConfig train,
            String kernels) {
        this(runDir, datasetDir, model, table, optimizer, train, kernels, TuningConfig.NONE);
    }

    /** The same run with other names of its folders, such as ones that mean the same on every machine. */
    public RunConfig at(String newRunDir, String newDatasetDir) {
        return new RunConfig(newRunDir, newDatasetDir, model, table, optimizer, train, kernels, tuning);
    }

    /** The same run of another model. */
    public RunConfig of(ModelConfig newModel) {
        return new RunConfig(runDir, datasetDir, newModel, table, optimizer, train, kernels, tuning);
    }

    /** The same run with another training. */
    public RunConfig of(TrainConfig newTrain) {
        return new RunConfig(runDir, datasetDir, model, table, optimizer, newTrain, kernels, tuning);
    }

    /** The same run with another beginning. */
    public RunConfig tuned(TuningConfig newTuning) {
        return new RunConfig(runDir, datasetDir, model, table, optimizer, train, kernels, newTuning);
    }

    /** Sequences of a micro-batch that each of {@code worldSize} ranks reads. */
    public int sequencesPerRank(int worldSize) {
        return train.microBatchSequences() / worldSize;
    }

    /**
     * Which sequences each micro-batch of the training reads: those of {@code A} after each other are a step's global batch.
     *
     * @param rows sequences of the training split
     */
    public BatchSchedule trainingSchedule(long rows) {
        return BatchSchedule.training(rows, train.microBatchSequences(), train.seed());
    }

    /**
     * Which sequences an evaluation reads: all of the split, or as many as the configuration says; as many at once as a
     * micro-batch has.
     *
     * @param rows sequences of the split
     */
    public BatchSchedule evaluationSchedule(long rows) {
        long wanted = train.evaluateSequences() == 0 ? rows : Math.min(rows, train.evaluateSequences());
        return BatchSchedule.sequential(wanted, train.microBatchSequences());
    }
}
