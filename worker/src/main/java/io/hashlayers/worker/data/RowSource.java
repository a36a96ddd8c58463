package io.hashlayers.worker.data;

import java.io.Serializable;

/**
 * The rows of a split, and where what a hash may read of them lies.
 *
 * @param datasetDir folder of the dataset, any Hadoop path
 * @param split name of the split
 * @param sequenceLength {@code S}
 * @param predictionsDir folder of predictions for these rows, any Hadoop path; empty where no hash reads any
 */
public record RowSource(String datasetDir, String split, int sequenceLength, String predictionsDir)
        implements Serializable {}
